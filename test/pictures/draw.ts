// npm run pictures: draws the pictures of the README anew.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pictures } from './pictures.ts';

for (const [file, svg] of pictures()) writeFileSync(join(import.meta.dirname, '../..', file), svg);
