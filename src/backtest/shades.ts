/** A colour on light and on dark paper. */
type Shades = readonly [light: string, dark: string];

/**
 * The style of a picture that is readable on light and on dark pages: a viewer that prefers dark gets the second colour.
 * Each colour has a class for lines, its name, and one for areas, `in-` and its name.
 * @param shades by name; `text` is what words have
 */
export function styleOf(shades: Readonly<Record<string, Shades>>): string {
  const rules = (paper: 0 | 1) => {
    const classes = Object.entries(shades).map(
      ([name, colours]) => `.${name}{stroke:${colours[paper]}}.in-${name}{fill:${colours[paper]}}`,
    );
    return `svg{fill:${shades.text![paper]}}${classes.join('')}`;
  };
  return `<style>${rules(0)}@media(prefers-color-scheme:dark){${rules(1)}}</style>`;
}
