import { dictionary, text } from '../schema-types.ts';

export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Name of a label. */
export const labelName = text('a label name such as cluster: letters, digits and _', (name) => LABEL_NAME.test(name));

function refuseLabel(name: string): string | undefined {
  if (!LABEL_NAME.test(name)) return 'expected a label name such as region: letters, digits and _';
  return name === '__name__' ? 'expected a label other than __name__, which holds the metric name' : undefined;
}

/** Labels that something has besides its own. */
export const externalLabels = dictionary(
  text('some text as the value of the label', (value) => value !== ''),
  refuseLabel,
);
