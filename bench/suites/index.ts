import type { Suite } from '../suite.js';
import { gemmSuite } from './gemm.js';
import { inferSuite } from './infer.js';
import { instructionsSuite } from './instructions.js';
import { kernelsSuite } from './kernels.js';
import { trainSuite } from './train.js';

export const suites: readonly Suite[] = [gemmSuite, kernelsSuite, instructionsSuite, trainSuite, inferSuite];
