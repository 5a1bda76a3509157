module.exports = {
  'node-option': ['import=tsx', 'expose-gc'],
  timeout: 60000,
};
