import { Linter } from 'eslint';
import parser from '@typescript-eslint/parser';
import plugin from '/tmp/wt-res/eslint-plugin/dist/index.js';
import { HAZARDS } from '/tmp/wt-res/packages/catalogue/src/index.ts';
const l = new Linter();
for (const h of HAZARDS as any) for (const e of h.examples) for (const w of ['bad','good']) {
  const m = l.verify(e[w], [{ files:['**/*.{js,ts,mjs,cjs,mts,cts}'], languageOptions:{parser}}, (plugin as any).configs.strict], { filename: e.file });
  const ids = new Set(m.map(x=>x.ruleId?.replace('savepoint/','')));
  if (w==='bad') { ids.delete(h.id); for (const a of e.alongside??[]) ids.delete(a); }
  if (ids.size) console.log(h.id, e.file, w, [...ids]);
}
console.log('done');
