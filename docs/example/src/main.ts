/** Starts the app: `DATABASE_URL=… tsx docs/example/src/main.ts`. */
import { serve } from '@hono/node-server';
import { createApp } from './app.ts';
import { pool } from './pool.ts';
import { postgresStore } from './postgres-store.ts';

const app = createApp({ store: postgresStore(pool) });
serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) });
