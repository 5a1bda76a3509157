// Uses the built package as a user's program would, up to the stage given: import, compile or fit; then prints what it
// took as JSON: milliseconds of import, compile, first and later steps, resident bytes after each, bytes of the core's.
// start.mjs <stage> <layers with commas> <batch>; with --expose-gc, collects before memory is read.

const [stage, layers, batch] = [process.argv[2], process.argv[3].split(',').map(Number), Number(process.argv[4])];
const report = { memory: {}, core: {} };

function measured(name, start) {
  report[name] = performance.now() - start;
}

function remember(name) {
  globalThis.gc?.();
  report.memory[name] = process.memoryUsage.rss();
}

/** The addon, caught as the package loads it, so that nothing else is loaded to ask it. */
let addon;
const { dlopen } = process;
process.dlopen = (module, path) => {
  dlopen.call(process, module, path);
  addon = module.exports;
};

function rememberCore(name) {
  report.core[name] = addon.counters().bytes;
}

remember('start');
let start = performance.now();
const { Dense, Sequential, SGD } = await import('../../dist/index.js');
measured('import', start);
remember('import');

if (stage !== 'import') {
  start = performance.now();
  const model = new Sequential();
  layers.slice(1).forEach((units, l) => {
    const activation = l < layers.length - 2 ? 'relu' : 'softmax';
    model.add(new Dense(units, l === 0 ? { activation, inputShape: [layers[0]] } : { activation }));
  });
  model.compile({ optimizer: new SGD({ lr: 0.01, momentum: 0.9, nesterov: true }), loss: 'categorical_crossentropy',
    metrics: ['accuracy'] });
  measured('compile', start);
  remember('compile');
  rememberCore('compile');
  if (stage === 'fit') await fit(model);
}
console.log(JSON.stringify(report));

async function fit(model) {
  const classes = layers.at(-1);
  const x = { data: new Float32Array(batch * layers[0]).fill(0.5), shape: [batch, layers[0]] };
  const y = { data: Float32Array.from({ length: batch * classes }, (_, i) => (i % classes === 0 ? 1 : 0)),
    shape: [batch, classes] };
  const step = () => model.trainOnBatch(x, y);
  let start = performance.now();
  await step();
  measured('firstStep', start);
  remember('fit');
  report.laterSteps = [];
  for (let i = 0; i < 50; i++) {
    start = performance.now();
    await step();
    report.laterSteps.push(performance.now() - start);
  }
  const fits = Number(process.argv[5] ?? 0);
  if (fits === 0) return;
  for (const name of ['manyFits', 'twiceAsMany']) {
    for (let i = 0; i < fits; i++) await model.fit(x, y, { batchSize: batch, verbose: 0 });
    remember(name);
  }
  rememberCore('manyFits');
}
