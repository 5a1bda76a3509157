/**
 * Configuration as Keras writes it: how options are read (camelCase, or snake_case as in a config), and how a string,
 * a `{ class_name, config }` or an instance becomes an object of one namespace.
 */
import { checkOptions, show, typeError, unknownName } from './errors.js';

/** What `getConfig()` returns: Keras's keys and values, plain data. */
export type Config = { [key: string]: unknown };

/** An object as Keras serializes it; a function's class_name is 'function', and its config the name. */
export interface SerializedObject {
  class_name: string;
  config?: Config | string;
  module?: string | null;
  registered_name?: string | null;
}

export interface Configurable {
  getConfig(): Config;
}

/** A class of a namespace: its name in configs, and how it is made from one. */
export interface ConfigurableClass<T extends Configurable> {
  readonly className: string;
  // A constructor of any arguments; `fromConfig` is what is called.
  readonly prototype: T;
  fromConfig(config: Config): T;
}

/** `GlorotUniform`, `glorotUniform` → `glorot_uniform`. */
export function toSnakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2').toLowerCase();
}

/** `learning_rate` → `learningRate`; `beta_1` → `beta1`. */
export function toCamelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** What `readOptions` returned: a base class takes as read what a subclass has read. */
const alreadyRead = new WeakSet<object>();

/**
 * Options of Keras's that are not supported, each with the value that leaves it off, or an array of several. They are
 * taken, and dropped, with one of these, with null or undefined.
 */
export type UnsupportedOptions = { readonly [option: string]: unknown };

/** Options with their keys in camelCase. Unknown ones throw, those of `notYet` that are on, and a key given twice. */
export function readOptions<T extends object>(where: string, given: T, known: readonly string[],
                                              notYet: UnsupportedOptions = {}): T {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw typeError('options', `an object of options for ${where}`, given);
  }
  if (alreadyRead.has(given)) return given;
  const options: Config = {};
  for (const [key, value] of Object.entries(given)) {
    const camel = toCamelCase(key);
    if (camel in options) throw new TypeError(`${where} was given both \`${camel}\` and \`${toSnakeCase(camel)}\``);
    if (camel in notYet && isOff(value, notYet[camel])) continue;
    if (value !== undefined) options[camel] = value;
  }
  checkOptions(where, options, known, Object.keys(notYet));
  alreadyRead.add(options);
  return options as T;
}

function isOff(value: unknown, off: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(off) ? off.includes(value) : value === off);
}

/** As `readOptions`, for calls: there null is the same as not given, as None is in Keras. */
export function readCallOptions<T extends object>(where: string, given: T, known: readonly string[],
                                                  notYet: UnsupportedOptions = {}): T {
  const read = readOptions(where, given, known, notYet);
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== null)) as T;
}

/** The classes of one namespace, under all the names Keras and camelCase give them. */
export class Registry<T extends Configurable> {
  readonly #makers = new Map<string, (givenName: string) => T>();
  readonly #names: string[] = [];
  readonly #classes = new Map<string, ConfigurableClass<T>>();

  /**
   * @param kind what an error sentence calls a member, such as `loss`
   * @param module Keras's module, written into configs
   * @param isMember tells an instance of this namespace from other values
   */
  constructor(readonly kind: string, readonly module: string, private readonly isMember: (value: unknown) => boolean) {}

  /**
   * Makes a class known by its name, that name in snake_case and camelCase, and `aliases`.
   * @returns a function that makes it unknown again
   */
  register(member: ConfigurableClass<T>, ...aliases: string[]): () => void {
    const forget = this.alias(() => member.fromConfig({}), toSnakeCase(member.className), ...aliases);
    const forgetClass = this.classAlias(member, member.className, ...aliases);
    return () => {
      forgetClass();
      forget();
    };
  }

  /**
   * Makes a class known by further names in configs.
   * @returns a function that makes them unknown again
   */
  classAlias(member: ConfigurableClass<T>, ...names: string[]): () => void {
    for (const name of names) this.#classes.set(key(name), member);
    return () => names.forEach((name) => this.#classes.delete(key(name)));
  }

  /**
   * Makes further names known; `make` is given the name that was asked for.
   * @returns a function that makes them unknown again
   */
  alias(make: (givenName: string) => T, ...names: string[]): () => void {
    for (const name of names) this.#makers.set(key(name), make);
    this.#names.push(...names);
    return () => {
      for (const name of names) {
        this.#makers.delete(key(name));
        this.#names.splice(this.#names.indexOf(name), 1);
      }
    };
  }

  /** Names in Keras's spelling. */
  get names(): readonly string[] {
    return this.#names;
  }

  /**
   * An instance as it is; a string or Keras's `{ class_name, config }` as a new object.
   * @throws TypeError for anything else; an unknown string names the nearest known ones
   */
  get(identifier: unknown, argument = this.kind): T {
    if (this.isMember(identifier)) return identifier as T;
    if (typeof identifier === 'string') {
      const make = this.#makers.get(key(identifier));
      if (!make) throw unknownName(argument, identifier, this.#names);
      return make(identifier);
    }
    if (isSerialized(identifier)) return this.deserialize(identifier, argument);
    throw typeError(argument, `${article(this.kind)}: a name, an instance or a { class_name, config }`, identifier);
  }

  /** Keras's form of an object: where its class comes from, its name and its config. */
  serialize(object: T): SerializedObject & { module: string | null; config: Config; registered_name: string | null } {
    const { className } = object.constructor as unknown as ConfigurableClass<T>;
    const known = this.#classes.get(key(className))?.prototype === Object.getPrototypeOf(object);
    return {
      module: known ? this.module : null, class_name: className, config: object.getConfig(),
      registered_name: known ? null : className,
    };
  }

  /** The object that `serialize` described. */
  deserialize(serialized: SerializedObject, argument = this.kind): T {
    if (!isSerialized(serialized)) throw typeError(argument, 'an object { class_name, config }', serialized);
    const { class_name: name, config } = serialized;
    if (name === 'function' && typeof config === 'string') return this.get(config, `${argument}.config`);
    const member = this.#classes.get(key(name));
    if (member) return member.fromConfig(checkConfig(`${argument}.config`, config ?? {}));
    const known = new Set([...this.#classes.values()].map(({ className }) => className));
    throw unknownName(`${argument}.class_name`, name, [...known]);
  }
}

export function isSerialized(value: unknown): value is SerializedObject {
  return typeof value === 'object' && value !== null && typeof (value as SerializedObject).class_name === 'string';
}

/** TypeError unless it is what a `getConfig` returns. */
export function checkConfig(argument: string, config: unknown): Config {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Config;
  throw typeError(argument, 'an object, as getConfig returns it', config);
}

/** Names are equal when only case and underscores differ. */
function key(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function article(kind: string): string {
  return `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

const nameCounts = new Map<string, number>();

/** `dense`, `dense_1`, …: the next free name of a class in this process, as Keras counts them. */
export function autoName(className: string): string {
  const base = toSnakeCase(className);
  const count = nameCounts.get(base) ?? 0;
  nameCounts.set(base, count + 1);
  return count === 0 ? base : `${base}_${count}`;
}

/** A name as given, or one made from the class name. */
export function checkName(given: unknown, className: string): string {
  if (given === undefined || given === null) return autoName(className);
  if (typeof given !== 'string' || given === '') throw typeError('name', 'a string that is not empty', given);
  if (given.includes('/')) throw new RangeError(`\`name\` must not contain "/", received ${show(given)}`);
  return given;
}
