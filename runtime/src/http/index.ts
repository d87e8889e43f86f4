/** savepoint/http: an app's HTTP side in the scope of a test. */
export { client, type ClientOptions } from './client.ts';
export type { Bindings, Client, ExecutionContext, FetchApp, Send } from './typed-client.ts';
