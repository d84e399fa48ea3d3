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

/** All fenced blocks of Markdown files, in order; those within lists without their indentation. */
export function codeBlocks(files: readonly string[]): CodeBlock[] {
  return files.flatMap((file) => {
    const text = textOf(file);
    const blocks = text.matchAll(/^( *)```(\S*)[ \t]*(.*)\n([\s\S]*?)^\1```$/gm);
    return [...blocks].map(({ index, 1: indent, 2: language, 3: title, 4: content }) => ({
      file,
      line: text.slice(0, index).split('\n').length,
      language: language!,
      title: title!,
      text: content!.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }));
  });
}
