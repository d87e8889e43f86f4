/** The HTTP API: tags and users. Knows no driver. */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { validator } from 'hono/validator';
import { EmailTaken, type Store } from './store.ts';

/** What each request may be given from outside: `app.request(path, init, bindings)`. */
export interface Bindings {
  /** The token that may create users. */
  readonly API_TOKEN?: string;
  /** Told of each new user after the response was sent. */
  readonly welcome?: (email: string) => Promise<void>;
}

export function createApp({ store }: { readonly store: Store }) {
  return new Hono<{ Bindings: Bindings }>()
    .get('/api/tags', async (c) => c.json(await store.listTags()))
    .post('/api/tags', validator('json', tagNames), async (c) =>
      c.json(await store.useTags(c.req.valid('json').names), 201),
    )
    .get('/api/users', async (c) => c.json(await store.listUsers()))
    .get('/api/users/:id', async (c) => {
      const user = await store.findUser(Number(c.req.param('id')));
      return user ? c.json(user, 200) : c.json({ error: 'no such user' }, 404);
    })
    .post('/api/users', requireToken, validator('json', newUser), async (c) => {
      const user = c.req.valid('json');
      try {
        const created = await store.createUser(user);
        if (c.env.welcome) c.executionCtx.waitUntil(c.env.welcome(created.email));
        return c.json(created, 201);
      } catch (error) {
        if (error instanceof EmailTaken) return c.json({ error: error.message }, 409);
        throw error;
      }
    });
}

const requireToken = createMiddleware<{ Bindings: Bindings }>(async (c, next) => {
  const { API_TOKEN } = c.env;
  const given = c.req.header('authorization');
  if (API_TOKEN && given === `Bearer ${API_TOKEN}`) return next();
  return c.json({ error: 'creating users needs a token' }, 401);
});

function tagNames(body: unknown): { names: string[] } {
  const { names } = Object(body) as { names?: unknown };
  if (!Array.isArray(names)) throw new TypeError('names must be a list');
  return { names: names.map(String) };
}

function newUser(body: unknown): { name: string; email: string } {
  const { name, email } = Object(body) as { name?: unknown; email?: unknown };
  if (typeof name !== 'string' || typeof email !== 'string') {
    throw new TypeError('name and email must be texts');
  }
  return { name, email };
}
