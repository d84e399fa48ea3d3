import { textOf } from './files.ts';

/** A fenced block of a document. */
export interface CodeBlock {
  readonly file: string;
  readonly line: number;
  /** The first word behind the fence: `yaml`, `sh` … */
  readonly language: string;
  /** What stands behind it: the name of the file that the block is a part of. */
  readonly title: string;
  readonly text: string;
}

/** All fenced blocks of Markdown files, in order. */
export function codeBlocks(files: readonly string[]): CodeBlock[] {
  return files.flatMap((file) => {
    const text = textOf(file);
    return [...text.matchAll(/^```(\S*)[ \t]*(.*)\n([\s\S]*?)^```$/gm)].map(([, language, title, content], i) => ({
      file,
      line: text.slice(0, nthFence(text, i)).split('\n').length,
      language: language!,
      title: title!,
      text: content!,
    }));
  });
}

function nthFence(text: string, n: number): number {
  return [...text.matchAll(/^```/gm)][2 * n]!.index;
}
