/** Callbacks: what fit, evaluate and predict call on the way. */
export { Callback, type CallbackHooks, type CallbackParams, type Logs } from './callback.js';
export { History } from './history.js';
