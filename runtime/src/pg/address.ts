/** Where a connection leads to, and whether two lead to the same database. Knows no driver. */

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly database?: string | undefined;
}

export function leadToSame(one: Address, other: Address): boolean {
  return (
    one.database === other.database &&
    one.port === other.port &&
    sameHost(one.host) === sameHost(other.host)
  );
}

/** The names of this machine are one. */
export function sameHost(host: string): string {
  return ['127.0.0.1', '::1', ''].includes(host) ? 'localhost' : host;
}
