/**
 * The class of savepoint's own connections. The driver leaves what a login by password has to compute
 * to the thread pool, in nine turns; this one does it at once, and derives the keys of a password a
 * single time in each process. Whatever is not the plain case is the driver's.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import pg from 'pg';

/** A login by SCRAM-SHA-256, as far as the driver has come. */
export interface ScramLogin {
  readonly mechanism: string;
  /** What was sent first. */
  readonly response: string;
  readonly clientNonce: string;
}

/** What the server is sent, and what it has to answer to show that it knows the password, too. */
export interface ScramAnswer {
  readonly response: string;
  readonly serverSignature: string;
}

/** Deriving keys takes a millisecond at PostgreSQL's 4096 rounds; more of them must not hold up the process. */
const MOST_ROUNDS = 16_384;
const CHALLENGE = /^r=([\x21-\x2b\x2d-\x7e]+),s=([a-zA-Z0-9+/]+={0,2}),i=([1-9]\d*)$/;
/** Without binding to a channel; `biws` is the same in base64. */
const HEADER = 'n,,';
/** What SASLprep leaves as it is. */
const ASCII = /^[\x20-\x7e]+$/;

/**
 * The client's answer to the server's challenge (RFC 5802).
 * @returns undefined when it is not for us to give
 */
export function answerChallenge(
  { mechanism, response, clientNonce }: ScramLogin,
  password: unknown,
  challenge: string,
): ScramAnswer | undefined {
  const [, nonce, salt, rounds] = CHALLENGE.exec(challenge) ?? [];
  if (nonce === undefined || salt === undefined || Number(rounds) > MOST_ROUNDS) return undefined;
  if (!nonce.startsWith(clientNonce) || nonce.length === clientNonce.length) return undefined;
  if (mechanism !== 'SCRAM-SHA-256' || !response.startsWith(HEADER)) return undefined;
  if (typeof password !== 'string' || !ASCII.test(password)) return undefined;
  const { clientKey, serverKey } = keysOf(password, salt, Number(rounds));
  const withoutProof = `c=biws,r=${nonce}`;
  const said = [response.slice(HEADER.length), challenge, withoutProof].join(',');
  const signature = hmac(createHash('sha256').update(clientKey).digest(), said);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
  return {
    response: `${withoutProof},p=${proof.toString('base64')}`,
    serverSignature: hmac(serverKey, said).toString('base64'),
  };
}

interface Keys {
  readonly clientKey: Buffer;
  readonly serverKey: Buffer;
}

/** Those of the last password, for it is nearly always the same one. In memory only, as the password is. */
let derived: { readonly from: string; readonly keys: Keys } | undefined;

function keysOf(password: string, salt: string, rounds: number): Keys {
  const from = JSON.stringify([password, salt, rounds]);
  if (derived?.from !== from) {
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), rounds, 32, 'sha256');
    derived = {
      from,
      keys: { clientKey: hmac(salted, 'Client Key'), serverKey: hmac(salted, 'Server Key') },
    };
  }
  return derived.keys;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** The part of a client that logs in; left out of the types of `pg`. */
interface LogsIn {
  readonly password: unknown;
  readonly saslSession: ScramLogin;
  readonly connection: { sendSCRAMClientFinalMessage(response: string): void };
  _handleAuthSASLContinue(challenge: { readonly data: string }): unknown;
}

const ofDriver = pg.Client.prototype as unknown as Partial<LogsIn>;

export class OwnClient extends pg.Client {
  _handleAuthSASLContinue(challenge: { readonly data: string }): void {
    const login = this as unknown as LogsIn;
    const { saslSession, password, connection } = login;
    const answer = answerChallenge(saslSession, password, challenge.data);
    if (!answer) {
      ofDriver._handleAuthSASLContinue?.call(login, challenge);
      return;
    }
    // As the driver does, which then looks whether the server knows the password.
    Object.assign(saslSession, answer, { message: 'SASLResponse' });
    connection.sendSCRAMClientFinalMessage(answer.response);
  }
}
