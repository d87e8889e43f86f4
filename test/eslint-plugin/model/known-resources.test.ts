/** What the table of resources makes of each library: acquired, released, awaited. */
import { testModel } from '../support/model-table.ts';

testModel('known resources', [
  {
    name: 'an app whose plugins were waited for, or that answered, may have failed before it is closed',
    code: `import Fastify from 'fastify';
import { test } from 'node:test';
test('loads', async () => { const app = Fastify(); app.decorate('env', {}); await app.register(plugin); await app.close(); }); //! no-inline-teardown
test('the client closes the socket', async () => { const app = Fastify(); await app.listen({ port: 0 }); await app.close(); }); //! no-inline-teardown
test('answers', async () => { const app = Fastify(); app.get('/', answer); app.inject('/', callback); await app.close(); }); //! no-inline-teardown`,
  },
  {
    name: 'redis: opened by connect, also in one chain; each way to end it',
    code: `import { after, before, test } from 'node:test';
import { createClient } from 'redis';
import Redis, { Cluster } from 'ioredis';
let chained;
before(async () => { chained = await createClient().on('error', log).connect(); });
after(async () => { await chained.quit(); });
test('never opened', () => { const client = createClient(); client.on('error', log); });
test('destroyed at once', async (t) => { const client = createClient(); t.after(() => { client.destroy(); }); await client.connect(); });
test('dropped', async (t) => { const client = createClient(); t.after(() => { client.close(); }); await client.connect(); }); //! require-awaited-teardown
test('inline', async () => { const client = createClient(); await client.connect(); await client.ping(); await client.quit(); }); //! no-inline-teardown
test('never ended', async () => { const client = await createClient().connect(); await client.ping(); }); //! require-pool-end
test('ioredis, disconnected at once', async (t) => { const redis = new Redis(); t.after(() => { redis.disconnect(); }); await redis.ping(); });
test('ioredis, dropped', async (t) => { const redis = new Cluster([]); t.after(() => { redis.quit(); }); await redis.ping(); }); //! require-awaited-teardown`,
  },
  {
    name: 'mysql: promises and callbacks',
    code: `import { test } from 'node:test';
import mysql from 'mysql2/promise';
import { createConnection } from 'mysql2';
test('promise', async (t) => { const connection = await mysql.createConnection({}); t.after(() => { connection.end(); }); await connection.query(''); }); //! require-awaited-teardown
test('destroyed', async (t) => { const connection = await mysql.createConnection({}); t.after(() => { connection.destroy(); }); await connection.query(''); });
test('callback', (t, done) => { const connection = createConnection({}); t.after(() => { connection.end(); }); connection.query('', done); });
test('client', async (t) => { const pool = mysql.createPool({}); t.after(() => pool.end()); const client = await pool.getConnection(); await client.query(''); client.release(); }); //! no-per-test-pool require-client-release`,
  },
  {
    name: 'SQLite behind a query builder is no pool of connections to a server',
    code: `import { test } from 'node:test';
import Knex from 'knex';
import { Kysely, SqliteDialect, PostgresDialect } from 'kysely';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
test('knex', async (t) => { const db = Knex({ client: 'better-sqlite3', connection: { filename: ':memory:' } }); t.after(() => db.destroy()); await db('a'); });
test('kysely', async (t) => { const db = new Kysely({ dialect: new SqliteDialect({ database }) }); t.after(() => db.destroy()); await db.selectFrom('a').execute(); });
test('sequelize', async (t) => { const db = new Sequelize('sqlite::memory:'); t.after(() => { db.close(); }); await db.sync(); }); //! require-awaited-teardown
test('typeorm', async (t) => { const db = await new DataSource({ type: 'better-sqlite3', database: ':memory:' }).initialize(); t.after(() => db.destroy()); await db.query(''); });
test('kysely of a server', async (t) => { const db = new Kysely({ dialect: new PostgresDialect({ pool }) }); t.after(() => db.destroy()); await db.selectFrom('a').execute(); }); //! no-per-test-pool`,
  },
  {
    name: 'a query builder over a driver that the test makes up connects to nothing',
    code: `import { afterEach, beforeEach, test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, DummyDriver, PostgresAdapter, PostgresDialect } from 'kysely';
class OwnDialect { createDriver() { return new DummyDriver(); } }
const dialect = (kind) => ({ createAdapter: () => new PostgresAdapter(), createDriver: () => new DummyDriver() });
const open = () => new Kysely({ dialect: new OwnDialect(new PGlite()) });
let db;
beforeEach(() => { db = open(); });
afterEach(() => db.destroy());
test('of an object', async () => { const db = new Kysely({ dialect: { ...dialect('a'), createDriver: () => new DummyDriver() } }); await run(db.withSchema('a')); });
test('of a function', async () => { const db = new Kysely({ dialect: dialect('a') }); await run(db.withSchema('a')); });
test('of a server, named', async (t) => { const dialect = new PostgresDialect({ pool }); const db = new Kysely({ dialect }); t.after(() => db.destroy()); await db.selectFrom('a').execute(); }); //! no-per-test-pool`,
  },
  {
    name: 'a pool that only migrates is nobody’s to share',
    code: `import { test } from 'node:test';
import Knex from 'knex';
test('migrates', async () => { const knex = Knex(config); await knex.migrate.latest(); await knex.destroy(); }); //! no-inline-teardown
test('migrates and asks', async (t) => { const knex = Knex(config); t.after(() => knex.destroy()); await knex.migrate.latest(); await knex('a').select(); }); //! no-per-test-pool
test('is given on', async (t) => { const knex = Knex(config); t.after(() => knex.destroy()); await knex.migrate.latest(); await run(knex); }); //! no-per-test-pool`,
  },
  {
    name: "undici's dispatchers",
    code: `import { test } from 'node:test';
import { Agent, EnvHttpProxyAgent, MockAgent, ProxyAgent, RetryAgent } from 'undici';
test('closed', async (t) => { const agent = new ProxyAgent('http://x'); t.after(() => agent.close()); await agent.request({}); });
test('destroyed', async (t) => { const agent = new RetryAgent(new Agent()); t.after(() => agent.destroy()); await agent.request({}); });
test('dropped', async (t) => { const agent = new EnvHttpProxyAgent(); t.after(() => { agent.close(); }); await agent.request({}); }); //! require-awaited-teardown
test('inline', async () => { const agent = new MockAgent(); agent.disableNetConnect(); await run(agent); await agent.close(); }); //! no-inline-teardown`,
  },
  {
    name: "servers: builders, sockets, servers around another's",
    code: `import { test } from 'node:test';
import { createServer, Server } from 'node:http';
import express from 'express';
import Koa from 'koa';
import { WebSocketServer } from 'ws';
import { Server as SocketServer } from 'socket.io';
test('express', async () => { const server = express().use(routes).listen(0); await fetch(urlOf(server)); server.close(); }); //! no-inline-teardown
test('express, in two steps', async (t) => { const app = express(); app.use(routes); const server = app.listen(0); t.after(() => { server.close(); }); await fetch(urlOf(server)); });
test('koa', async () => { const app = new Koa(); app.use(routes); const server = app.listen(0); await fetch(urlOf(server)); server.close(); }); //! no-inline-teardown
test('class', async () => { const server = new Server(handler); server.listen(0); await fetch(urlOf(server)); server.close(); }); //! no-inline-teardown
test('websockets', async () => { const wss = new WebSocketServer({ port: 0 }); await talk(wss); wss.close(); }); //! no-inline-teardown
test('websockets of another server', async () => { const wss = new WebSocketServer({ noServer: true }); await talk(wss); wss.close(); });
test('socket.io', async (t) => { const io = new SocketServer(0); t.after(() => { io.close(); }); await talk(io); }); //! require-awaited-teardown`,
  },
  {
    name: "a client of a named database of Fastify's plugin",
    code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('a', async (t) => { const app = Fastify(); t.after(() => app.close()); const client = await app.pg.users.connect(); await client.query(''); client.release(); }); //! require-client-release`,
  },
  {
    name: 'what runs beside the test',
    code: `import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import chokidar from 'chokidar';
import { chromium } from 'playwright';
import puppeteer from 'puppeteer';
import { GenericContainer } from 'testcontainers';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
let container;
let shared;
before(async () => { shared = await chromium.launch(); });
after(() => shared.close());
before(async () => { container = await new PostgreSqlContainer('postgres:18').withDatabase('test').start(); });
after(() => { container.stop(); }); //! require-awaited-teardown
test('worker', async () => { const worker = new Worker('./w.js'); await once(worker, 'message'); await worker.terminate(); }); //! no-inline-teardown
test('process', async () => { const child = spawn('node', []); await once(child.stdout, 'data'); child.kill(); }); //! no-inline-teardown
test('process, killed by the scenario', async () => { const child = spawn('node', []); child.kill('SIGTERM'); const [code] = await once(child, 'exit'); assert.equal(code, 0); });
test('watcher', async () => { const watcher = watch('.'); await once(watcher, 'change'); watcher.close(); }); //! no-inline-teardown
test('chokidar', async (t) => { const watcher = chokidar.watch('.'); t.after(() => { watcher.close(); }); await once(watcher, 'all'); }); //! require-awaited-teardown
test('playwright', async () => { const browser = await chromium.launch(); const page = await browser.newPage(); await page.goto('/'); await browser.close(); }); //! no-inline-teardown
test('puppeteer', async (t) => { const browser = await puppeteer.launch(); t.after(() => browser.close()); await browser.newPage(); });
test('page of a shared browser', async () => { const page = await shared.newPage(); await page.goto('/'); await page.close(); }); //! no-inline-teardown
test('page, closed on every path', async (t) => { const page = await shared.newPage(); t.after(() => page.close()); await page.goto('/'); });
test('context, left to its browser', async () => { const context = await shared.newContext(); await context.newPage(); });
test('page closed behind its browser', async (t) => { const browser = await chromium.launch(); t.after(() => browser.close()); const page = await browser.newPage(); t.after(() => page.close()); await page.goto('/'); });
test('container', async () => { const redis = await new GenericContainer('redis').withExposedPorts(6379).start(); await ping(redis); await redis.stop(); }); //! no-inline-teardown`,
  },
  {
    name: 'what opens nothing before its first use is no leak while nothing uses it',
    code: `import { test } from 'node:test';
import knex from 'knex';
import { Pool } from 'pg';
import postgres from 'postgres';
import { createPool } from 'mariadb';
import { MongoClient } from 'mongodb';
const unused = new Pool({ max: 1 });
unused.on('error', log);
const asked = new Pool(); //! require-pool-end
const sql = postgres('postgres://localhost/test'); //! require-pool-end
const db = knex({ client: 'pg' }); //! require-pool-end
const mongo = new MongoClient('mongodb://localhost'); //! require-pool-end
const eager = createPool({ host: 'localhost' }); //! require-pool-end
new Pool();
test('asks', async () => { await asked.query('select 1'); await db('users'); await sql\`select 1\`; await mongo.db('a').dropDatabase(); });
test('options', async () => { const pool = new Pool({ max: 3 }); check(pool.options.max); await pool.end(); });
test('asked, ended inline', async () => { const client = new MongoClient('mongodb://localhost'); await client.db('a').dropDatabase(); await client.close(); }); //! no-inline-teardown no-per-test-pool`,
  },
  {
    name: 'what stands on connections of another ends with it',
    code: `import { after, test } from 'node:test';
import { Queue } from 'bullmq';
import Redis from 'ioredis';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { options } from './options.js';
const pool = new Pool();
after(() => pool.end());
const redis = new Redis();
after(() => redis.quit());
const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
const dialect = new PostgresDialect({ pool });
const second = new Kysely({ dialect });
const queue = new Queue('mails', { connection: redis });
const lonely = new Queue('mails', { connection: options }); //! require-pool-end
const owner = new Kysely({ dialect: new PostgresDialect({ pool: new Pool() }) }); //! require-pool-end
test('a', async () => { await db.selectFrom('a').execute(); await second.selectFrom('a').execute(); await owner.selectFrom('a').execute(); await queue.add('a'); await lonely.add('b'); });`,
  },
  {
    name: 'each name by which a driver is ended',
    code: `import { after, test } from 'node:test';
import postgres from 'postgres';
import Redis, { Redis as Named } from 'ioredis';
import { Valkey } from 'iovalkey';
import mysql from 'mysql2';
import mariadb from 'mariadb';
import { Queue } from 'bullmq';
const sql = postgres();
after(() => sql.close());
const dropped = postgres();
after(() => { dropped.close(); }); //! require-awaited-teardown
const redis = new Redis();
after(() => redis.end());
const valkey = new Valkey();
after(() => { valkey.quit(); }); //! require-awaited-teardown
const connection = mysql.createConnection({});
after(() => connection.close());
const queue = new Queue('a');
after(() => queue.disconnect());
test('mariadb', async (t) => { const one = await mariadb.createConnection({}); t.after(() => one.close()); await one.query('select 1'); });
test('mariadb, given back', async (t) => { const pool = mariadb.createPool({}); t.after(() => pool.end()); const client = await pool.getConnection(); t.after(() => client.end()); await client.query('select 1'); }); //! no-per-test-pool
test('uses', async () => { await sql\`select 1\`; await dropped\`select 1\`; await redis.ping(); connection.query('select 1', log); await queue.add('a'); });`,
  },
  {
    name: 'drizzle over MySQL holds a pool that ends with a callback; over files, a handle',
    code: `import { after, before, test } from 'node:test';
import { drizzle } from 'drizzle-orm/mysql2';
import { drizzle as postgres } from 'drizzle-orm/postgres-js';
import { drizzle as sqlite } from 'drizzle-orm/better-sqlite3';
import { drizzle as libsql } from 'drizzle-orm/libsql';
import { drizzle as pglite } from 'drizzle-orm/pglite';
const db = drizzle('mysql://localhost/test');
after(() => { db.$client.end(); });
const other = postgres('postgres://localhost/test');
after(() => { other.$client.end(); }); //! require-awaited-teardown
test('asks', async () => { await db.select().from(users); await other.select().from(users); });
test('file', async () => { const rows = sqlite('a.db'); await rows.select().from(users); rows.$client.close(); }); //! no-inline-teardown
test('libsql', async (t) => { const rows = libsql('file:a.db'); t.after(() => rows.$client.close()); await rows.select().from(users); });
test('pglite', async (t) => { const rows = pglite('memory://'); t.after(() => { rows.$client.close(); }); await rows.select().from(users); }); //! require-awaited-teardown`,
  },
  {
    name: 'brokers, search and stores: opened, ended, awaited',
    code: `import { after, before, test } from 'node:test';
import { Kafka } from 'kafkajs';
import mqtt from 'mqtt';
import { connect } from '@nats-io/transport-node';
import { createClientPool, createSentinel } from 'redis';
import cassandra from 'cassandra-driver';
import { Connection } from 'tedious';
import { Pool as NeonPool } from '@neondatabase/serverless';
import oracledb from 'oracledb';
import mysql from 'mysql2/promise';
const kafka = new Kafka({ brokers: ['localhost:9092'] });
const idle = kafka.producer();
const producer = kafka.producer();
const consumer = kafka.consumer({ groupId: 'a' }); //! require-pool-end
before(async () => { await producer.connect(); await consumer.connect(); });
after(() => { producer.disconnect(); }); //! require-awaited-teardown
const broker = mqtt.connect('mqtt://localhost');
after(() => { broker.end(); });
const lost = mqtt.connect('mqtt://localhost'); //! require-pool-end
const nats = await connect();
after(() => { nats.drain(); }); //! require-awaited-teardown
const caches = createClientPool();
before(() => caches.connect());
after(() => { caches.destroy(); });
const sentinel = createSentinel({ name: 'a' });
before(() => sentinel.connect());
after(() => { sentinel.destroy(); }); //! require-awaited-teardown
const rows = new cassandra.Client({});
after(() => { rows.shutdown(); }); //! require-awaited-teardown
const neon = new NeonPool();
after(() => { neon.end(); }); //! require-awaited-teardown
const cluster = mysql.createPoolCluster();
after(() => { cluster.end(); }); //! require-awaited-teardown
const unopened = new Connection({});
test('tedious', async () => { const connection = new Connection({}); connection.connect(); await once(connection, 'connect'); connection.close(); }); //! no-inline-teardown
test('oracle', async (t) => { const pool = await oracledb.createPool({}); t.after(() => pool.close()); const one = await pool.getConnection(); await one.execute('select 1 from dual'); await one.close(); }); //! no-per-test-pool require-client-release
test('uses', async () => { await producer.send({}); await consumer.run({}); await rows.execute('select 1'); await neon.query('select 1'); lost.publish('a', 'b'); await cluster.query('select 1'); });`,
  },
  {
    name: 'clients of servers: what a failed test leaves connected',
    code: `import { test } from 'node:test';
import { connect as connectSession } from 'node:http2';
import net from 'node:net';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
test('session', async () => { const session = connectSession(url); await ask(session); session.close(); }); //! no-inline-teardown
test('socket', async () => { const socket = net.connect(port); await once(socket, 'data'); socket.destroy(); }); //! no-inline-teardown
test('socket.io', async () => { const socket = io(url); await once(socket, 'connect'); socket.disconnect(); }); //! no-inline-teardown
test('websocket', async () => { const socket = new WebSocket(url); await once(socket, 'open'); socket.close(); }); //! no-inline-teardown
test('closed by the server', async () => { const socket = new WebSocket(url); await once(socket, 'close'); });
test('on every path', async (t) => { const socket = new WebSocket(url); t.after(() => socket.terminate()); await once(socket, 'open'); });`,
  },
  {
    name: 'browsers, containers and watchers by their other names',
    code: `import { after, before, test } from 'node:test';
import { FSWatcher } from 'chokidar';
import { MongoMemoryServer } from 'mongodb-memory-server';
import { chromium } from 'playwright';
import puppeteer from 'puppeteer';
import { DockerComposeEnvironment } from 'testcontainers';
const mongo = new MongoMemoryServer();
before(() => mongo.start());
after(() => { mongo.stop(); }); //! require-awaited-teardown
const idle = new MongoMemoryServer();
test('compose', async () => { const environment = await new DockerComposeEnvironment('.', 'compose.yml').up(); await ping(environment); await environment.down(); }); //! no-inline-teardown
test('profile', async () => { const context = await chromium.launchPersistentContext('/tmp/a'); const page = await context.newPage(); await page.goto('/'); await context.close(); }); //! no-inline-teardown
test('borrowed', async (t) => { const browser = await puppeteer.connect({ browserURL }); t.after(() => { browser.disconnect(); }); await browser.newPage(); }); //! require-awaited-teardown
test('watcher', async (t) => { const watcher = new FSWatcher(); t.after(() => { watcher.close(); }); watcher.add('.'); await once(watcher, 'all'); }); //! require-awaited-teardown`,
  },
]);
