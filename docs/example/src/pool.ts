/** The app's one pool, made when the module is loaded, as most apps have it. */
import pg from 'pg';

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
