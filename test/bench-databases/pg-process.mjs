/**
 * A test process as users start it: declares a database, asks one question in one test, and says how
 * long that took. `MIGRATIONS` names a module of the migrations, `LOG` a file that notes every run of them.
 */
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const { CONNECTION_STRING, FINGERPRINT, LOG, MIGRATIONS } = process.env;
const db = postgres({
  connectionString: CONNECTION_STRING,
  migrate: {
    fingerprint: FINGERPRINT,
    migrate: async (client) => {
      appendFileSync(LOG, 'ran\n');
      for (const sql of JSON.parse(MIGRATIONS)) await client.query(sql);
    },
  },
});

// Loaded, it waits for the others.
if (process.env.WAITS) {
  process.send('loaded');
  await new Promise((resolve) => process.once('message', resolve));
  process.channel.unref();
}

test('asks', async (t) => {
  const began = performance.now();
  const pool = await db.rollback(t);
  await pool.query('select count(*) from t1');
  process.send?.(performance.now() - began);
});
