/**
 * A `pg.Client` without a connection: what pg's constructor would find out for each (addresses,
 * environment, encryption) is found out once and copied. Knows nothing of sandboxes.
 */
import { EventEmitter } from 'node:events';
import pg from 'pg';

type Fields = Record<string, unknown>;

/** Made by nothing but this; a `pg.Client` to `instanceof` and to whoever calls its methods. */
const Unconnected = function (this: EventEmitter) {
  EventEmitter.call(this as never);
} as unknown as new () => pg.Client;
Unconnected.prototype = pg.Client.prototype;

const models = new WeakMap<pg.PoolConfig, Fields>();

export class DriverClient extends Unconnected {
  /**
   * @param options the same object for clients that are alike
   * @param connection what stands where others have theirs
   */
  constructor(options: pg.PoolConfig, connection: EventEmitter) {
    super();
    Object.assign(this, modelOf(options), {
      connection,
      _types: new TypeOverrides(options.types),
      _queryQueue: [],
      _sentQueryQueue: [],
    });
  }
}

/** Left out of the types of `pg`. */
const { TypeOverrides } = pg as unknown as {
  TypeOverrides: new (types: pg.CustomTypesConfig | undefined) => object;
};

const OF_EMITTER = new Set(['_events', '_eventsCount', '_maxListeners']);

function modelOf(options: pg.PoolConfig): Fields {
  let model = models.get(options);
  if (!model) {
    model = Object.fromEntries(
      Object.entries(new pg.Client(withoutSecrets(options))).filter(
        ([name]) => !OF_EMITTER.has(name),
      ),
    );
    models.set(options, model);
  }
  return model;
}

function withoutSecrets(options: pg.PoolConfig): pg.ClientConfig {
  const { connectionString, binary, pipeline } = options as pg.PoolConfig & { binary?: boolean };
  const { host, port, user, database } = new pg.Client(
    connectionString === undefined
      ? { host: options.host, port: options.port, user: options.user, database: options.database }
      : { connectionString },
  );
  const connection = new EventEmitter();
  return { host, port, user, database, binary, pipeline, connection } as pg.ClientConfig;
}
