import assert from 'node:assert/strict';
import { eventsOfRun, formatCounts } from '../../bench/counters.js';
import { htmlPage } from '../../bench/html/page.js';
import { transpositions, type Transposition } from '../../bench/products.js';
import { formatReport } from '../../bench/text-report.js';
import type { Row } from '../../bench/result.js';
import { report, row } from './reports.js';

/** A product that takes `slowness` times its FLOPs at 100 GFLOP/s. */
function product(m: number, n: number, k: number, transpose: Transposition, slowness: number): Row {
  const flops = 2 * m * n * k;
  const work = { flops, bytes: 4 * (m * k + k * n + m * n) };
  const time = (slowness * flops) / 100e9;
  return row({ case: `${m}x${n}x${k}:${transpose}`, product: { m, n, k, transpose }, work }, [[time], [time]]);
}

/** 512, 640 and 768 on each side: 0.5 of the floor for m = 512, 0.95 for the others. */
function grid(): Row[] {
  const sides = [512, 640, 768];
  return transpositions.flatMap((transpose) => sides.flatMap((m) => sides.flatMap((n) => sides.map((k) =>
    product(m, n, k, transpose, m === 512 ? 2 : 1 / 0.95)))));
}

describe('bench report as text', () => {
  it('has median, quartiles, floor and what it comes from', () => {
    const rows = [
      row({ case: 'copy', work: { flops: 0, bytes: 1 << 19 } }, [[8e-6, 10e-6, 12e-6]]),
      row({ case: 'sum', work: { flops: 1e6, bytes: 1e3 } }, [[20e-6], [30e-6], [40e-6]]),
      row({ case: 'sum', work: { flops: 1e6, bytes: 1e3 } }, [[60e-6]], 'other'),
      row({ case: 'resident', unit: 'B' }, [[5e7]]),
    ];
    const text = formatReport(report(rows));
    assert.match(text, /^FMA avx2 +1 thread +99\.0 GFLOP\/s +98\.5 – 99\.5 GFLOP\/s +100 GFLOP\/s$/m);
    assert.match(text, /^copy +avx2, 1 thread +10\.00 us +9\.00 – 11\.0 us +8\.000 us +524 kB +52\.4 GB\/s /m);
    assert.match(text, /^copy .* +5\.24 us +52\.4 % +L2$/m);
    assert.match(text, /^sum +avx2, 1 thread +30\.00 us +25\.0 – 35\.0 us +20\.00 us +1\.00 MFLOP +1\.00 kB /m);
    assert.match(text, /^sum +avx2, 1 thread .* +33\.3 GFLOP\/s +10\.0 us /m);
    assert.match(text, /^sum +avx2, 1 thread .* +10\.0 us +33\.3 % +FMA$/m);
    assert.match(text, /^sum +other +60\.00 us .* 16\.7 % +FMA +2\.00 x$/m);
    assert.match(text, /^resident +avx2, 1 thread +50\.00 MB +50\.0 – 50\.0 MB +50\.00 MB$/m);
  });

  it('shows a grid as digits, tenths of the floor', () => {
    const text = formatReport(report(grid(), { settings: { grid: true } }));
    assert.equal(text.match(/tenths of the floor; down m, across n = 512 640 768/g)?.length, 4);
    assert.equal(text.match(/ 512 (5|4) (5|4) (5|4)/g)?.length, 12);
    assert.equal(text.match(/ 768 9 9 9/g)?.length, 12);
    assert.doesNotMatch(text, /512x512x512/);
  });

  it('says in one line why there are no hardware counters, or what they counted', () => {
    const [before, after] = [Float64Array.of(100, 50, 1, NaN, 0), Float64Array.of(1100, 2050, 21, NaN, 5)];
    const counts = eventsOfRun(before, after, 10);
    assert.deepEqual(counts, { cycles: 100, instructions: 200, 'L1 misses': 2, 'L3 misses': 0.5 });
    assert.equal(formatCounts(counts, String), '2.00 instructions a cycle, misses a run: 2 of L1, 0.5 of L3');
    const counted = formatReport(report([row({ case: 'a', counts }, [[1]])]));
    assert.match(counted, /^a, avx2, 1 thread: 2\.00 instructions a cycle/m);
    const none = formatReport(report([], { counters: 'only Linux has it' }));
    assert.match(none, /^no hardware counters: only Linux has it$/m);
  });
});

describe('bench report as HTML', () => {
  const page = htmlPage(report([...grid(), row({ case: '<b>&', work: { flops: 10, bytes: 10 } }, [[1e-6]])],
    { settings: { grid: true } }));

  it('needs nothing but itself', () => {
    assert.doesNotMatch(page, /<(script|link|img|iframe|object|embed)\b|\b(src|href)=|url\(|@import|https?:/i);
    assert.match(page, /^<!doctype html>/);
    assert.match(page, /<meta name="color-scheme" content="light dark">/);
    assert.match(page, /@media \(prefers-color-scheme: dark\)/);
  });

  it('draws the roofline and both heat maps', () => {
    assert.equal(page.match(/aria-label="roofline plot"/g)?.length, 1);
    assert.equal(page.match(/class="point"/g)?.length, 4 * 27 + 1);
    for (const level of ['L1', 'L2', 'L3', 'memory']) {
      assert.match(page, new RegExp(`text-anchor="middle">${level}</text>`));
    }
    assert.equal(page.match(/aria-label="heat map"/g)?.length, 2 * 12);
    assert.match(page, /<title>512x640x768:tn: 50\.0 %, /);
    assert.match(page, /<title>640x640x768:nn: 95\.0 %, /);
  });

  it('has all numbers and escapes what it shows', () => {
    assert.doesNotMatch(page, /NaN|Infinity|undefined/);
    assert.match(page, /&lt;b&gt;&amp;/);
    assert.match(page, /a &lt;made up&gt; CPU/);
    assert.doesNotMatch(page, /<b>|<made/);
  });
});
