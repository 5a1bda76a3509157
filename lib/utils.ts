/** Keras's `utils`: what prepares data, and the seed. */
export { setRandomSeed } from './random.js';
export { toCategorical } from './to-categorical.js';
export { trainTestSplit } from './train-test-split.js';
