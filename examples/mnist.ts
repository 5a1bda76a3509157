import { Sequential, Dense, SGD, mnist, toCategorical } from 'quern';

const [[xTrain, yTrain], [xTest, yTest]] = await mnist.loadData();
const x = xTrain.reshape([xTrain.shape[0], 784]).divide(255);
const xt = xTest.reshape([-1, 784]).divide(255);
const y = toCategorical(yTrain, 10);
const yt = toCategorical(yTest, 10);

const model = new Sequential();
model.add(new Dense(128, { activation: 'relu', inputShape: [784] }));
model.add(new Dense(128, { activation: 'relu' }));
model.add(new Dense(10, { activation: 'softmax' }));

const sgd = new SGD({ lr: 0.01, decay: 1e-6, momentum: 0.9, nesterov: true });
model.compile({ optimizer: sgd, loss: 'categorical_crossentropy', metrics: ['accuracy'] });
model.summary();
await model.fit(x, y, { batchSize: 128, epochs: 10, verbose: 1 });
const { loss, accuracy } = await model.evaluate(xt, yt, { verbose: 1 });
console.log('Test accuracy:', accuracy);
