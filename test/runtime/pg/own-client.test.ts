import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import { answerChallenge, OwnClient } from '../../../runtime/src/pg/own-client.ts';
import { administer, afterAllElse, connectionStringTo } from '../../support/database.ts';

// ---- the answer: the exchange of RFC 7677, section 3

const LOGIN = {
  mechanism: 'SCRAM-SHA-256',
  response: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  clientNonce: 'rOprNGfwEbeRWgbNEkqO',
};
const NONCE = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const CHALLENGE = `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;

test('a challenge is answered as the standard has it', () => {
  assert.deepEqual(answerChallenge(LOGIN, 'pencil', CHALLENGE), {
    response: `c=biws,r=${NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    serverSignature: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  });
});

const LEFT_TO_THE_DRIVER: readonly (readonly [
  what: string,
  login: Partial<typeof LOGIN>,
  password: unknown,
  challenge: string,
])[] = [
  ['another mechanism', { mechanism: 'SCRAM-SHA-256-PLUS' }, 'pencil', CHALLENGE],
  ['binding to a channel', { response: 'y,,n=user,r=rOprNGfwEbeRWgbNEkqO' }, 'pencil', CHALLENGE],
  ['a challenge that is none of ours', { clientNonce: 'other' }, 'pencil', CHALLENGE],
  ['a server that adds nothing', { clientNonce: NONCE }, 'pencil', CHALLENGE],
  ['no password', {}, null, CHALLENGE],
  ['an empty password', {}, '', CHALLENGE],
  ['a password that is to be prepared', {}, 'bleistift½', CHALLENGE],
  ['more rounds than the process can be held up for', {}, 'pencil', `${CHALLENGE}000`],
  ['an extension', {}, 'pencil', `m=1,${CHALLENGE}`],
  ['nonsense', {}, 'pencil', 'nonsense'],
];

for (const [what, login, password, challenge] of LEFT_TO_THE_DRIVER) {
  test(`left to the driver: ${what}`, () => {
    assert.equal(answerChallenge({ ...LOGIN, ...login }, password, challenge), undefined);
  });
}

// ---- logins

/** A role of this test's own, with a password. */
async function role(t: TestContext, password: string): Promise<string> {
  const name = `savepoint_role_${randomBytes(6).toString('hex')}`;
  await administer(`create role ${name} login password ${pg.escapeLiteral(password)}`);
  afterAllElse(t, () => administer(`drop role ${name}`));
  const url = new URL(await connectionStringTo('postgres'));
  return Object.assign(url, { username: name, password: encodeURIComponent(password) }).href;
}

async function loggedIn(connectionString: string): Promise<OwnClient> {
  const client = new OwnClient({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

for (const password of ['s3cret, ="quoted"', 'to be prepared: pässwört\u00a0½']) {
  test(`a password logs in, again and again: ${password}`, async (t) => {
    const connectionString = await role(t, password);
    for (const _ of [1, 2]) await (await loggedIn(connectionString)).end();
  });
}

test('passwords are not mixed up, and a wrong one is refused as by the driver', async (t) => {
  const ada = await role(t, 'one');
  const eve = await role(t, 'two');
  for (const connectionString of [ada, eve, ada]) await (await loggedIn(connectionString)).end();
  await assert.rejects(loggedIn(ada.replace(':one@', ':two@')), { code: '28P01' });
});

test('a server that does not know the password is found out', async (t) => {
  const server = createServer((socket) => {
    t.after(() => socket.destroy());
    void pretendToKnow(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(loggedIn(`postgres://ada:s3cret@127.0.0.1:${String(port)}/test`), {
    message: /server signature does not match/,
  });
});

/** Asks for the password and takes any answer for it. */
async function pretendToKnow(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  const said = async () => String(((await once(socket, 'data')) as [Buffer])[0]);
  const authentication = (kind: number, text: string) => {
    const message = Buffer.from(`R0000\0\0\0${String.fromCharCode(kind)}${text}`, 'latin1');
    message.writeInt32BE(message.length - 1, 1);
    socket.write(message);
  };
  await said();
  authentication(10, 'SCRAM-SHA-256\0\0');
  const [, nonce = ''] = /r=(.+)$/.exec(await said()) ?? [];
  authentication(11, `r=${nonce}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  await said();
  authentication(12, `v=${Buffer.alloc(32).toString('base64')}`);
}
