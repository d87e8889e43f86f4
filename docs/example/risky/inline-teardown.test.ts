// Cleans up in its last line, which the failed assertion never reaches: the server keeps the process alive.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

test('says what it serves', async () => {
  const server = createServer((_request, response) => response.end('tags'));
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://localhost:${port}/`);
  assert.equal(await response.text(), 'users');
  server.close();
});
