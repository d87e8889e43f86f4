/**
 * The settings that a connection of an app's pool begins with: what its options tell the server when it
 * connects. Several pools may lead to the one connection of a sandbox.
 */
import pg from 'pg';
import { IDLE_TIMEOUTS } from './session-words.ts';

/** Values by parameter, as the app wrote them. */
export type StartSettings = ReadonlyMap<string, string>;

const PARAMETERS = ['application_name', 'client_encoding', 'statement_timeout', 'lock_timeout'];
const known = new WeakMap<pg.PoolConfig, StartSettings>();

/** The same for the same options. */
export function startSettingsOf(options: pg.PoolConfig): StartSettings {
  let settings = known.get(options);
  if (!settings) known.set(options, (settings = read(options)));
  return settings;
}

function read(options: pg.PoolConfig): StartSettings {
  // pg looks into connection strings and the environment, too.
  const { connectionParameters } = new pg.Client(options) as unknown as {
    readonly connectionParameters: Readonly<Record<string, string | number | false | undefined>>;
  };
  const own = PARAMETERS.flatMap((name): [string, string][] => {
    const value = connectionParameters[name];
    return value ? [[name, String(value)]] : [];
  });
  const { options: commandLine } = connectionParameters;
  const all = [...own, ...(commandLine ? settingsIn(String(commandLine)) : [])];
  return new Map(all.filter(([name]) => !IDLE_TIMEOUTS.includes(name)));
}

/** As the server reads them: `-c name=value`, `-cname=value`, `--name=value`; a backslash keeps what follows it. */
function settingsIn(commandLine: string): [name: string, value: string][] {
  const words = [...commandLine.matchAll(/(?:\\[^]|[^\s\\])+/g)].map(([word]) =>
    word.replace(/\\([^])/g, '$1'),
  );
  return words.flatMap((word, index): [string, string][] => {
    const said = words[index - 1] === '-c' ? word : /^(?:-c|--)(.+)/s.exec(word)?.[1];
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(said ?? '') ?? [];
    return name === undefined || value === undefined
      ? []
      : [[name.replaceAll('-', '_').toLowerCase(), value]];
  });
}
