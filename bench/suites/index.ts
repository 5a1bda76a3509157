import type { Suite } from '../suite.js';
import { gemmSuite } from './gemm.js';
import { inferSuite } from './infer.js';
import { kernelsSuite } from './kernels.js';
import { memorySuite } from './memory.js';
import { peakSuite } from './peak.js';
import { programSuite } from './program.js';
import { scaleSuite } from './scale.js';
import { startupSuite } from './startup.js';
import { trainSuite } from './train.js';
import { zerosSuite } from './zeros.js';

export const suites: readonly Suite[] = [
  peakSuite, gemmSuite, kernelsSuite, programSuite, trainSuite, zerosSuite, inferSuite, scaleSuite, startupSuite,
  memorySuite,
];
