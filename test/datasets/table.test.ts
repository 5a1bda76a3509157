import assert from 'node:assert/strict';
import { datasets, fashionMnist, mnist } from '../../lib/index.js';
import { fashionMnistRow, mnistRow, type DatasetRow } from '../../lib/datasets/table.js';
import { IdxDataset } from '../../lib/datasets/idx-dataset.js';

const rows: DatasetRow[] = [mnistRow, fashionMnistRow];

describe('the table of data sets', () => {
  it('has mnist and fashionMnist, by themselves and in their namespace', () => {
    assert.ok(mnist instanceof IdxDataset && fashionMnist instanceof IdxDataset);
    assert.deepEqual([datasets.mnist, datasets.fashionMnist], [mnist, fashionMnist]);
    assert.deepEqual([mnist.name, fashionMnist.name], ['mnist', 'fashion-mnist']);
  });

  for (const row of rows) {
    it(`has a SHA-256 of every file of ${row.name}, and more than one mirror, all over TLS`, () => {
      const digests = Object.values(row.files).map(({ gzip }) => gzip!);
      for (const digest of digests) assert.match(digest, /^sha256:[0-9a-f]{64}$/);
      assert.equal(new Set(digests).size, 4);
      assert.ok(row.mirrors.length > 1);
      for (const mirror of row.mirrors) assert.match(mirror, /^https:\/\/.+\/$/);
    });
  }

  it('keeps sets whose files have the same names apart', () => {
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
    const digests = rows.flatMap(({ files }) => Object.values(files).map(({ gzip }) => gzip));
    assert.equal(new Set(digests).size, digests.length);
  });
});
