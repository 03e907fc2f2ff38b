// XML as OpenAttestation's reports have it: elements with attributes, nothing between them. Whatever a host or an operator wrote stays text.

export type Element = {
  readonly name: string;
  /** In this order; null: none. */
  readonly attributes?: Readonly<Record<string, string | number | boolean | null>>;
  readonly children?: readonly Element[];
};

/** A whole document. */
export const xmlDocument = (root: Element): string =>
  `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>${written(root)}`;

function written({ name, attributes = {}, children = [] }: Element): string {
  const text = Object.entries(attributes)
    .map(([key, value]) => (value === null ? '' : ` ${key}="${escapedXml(String(value))}"`))
    .join('');
  return children.length === 0 ? `<${name}${text}/>` : `<${name}${text}>${children.map(written).join('')}</${name}>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0, 2.2 and 3.3.3: what no document may hold becomes U+FFFD; blanks other than a space would be read as one. */
const escapedXml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[&<>"']/g, (one) => entities[one] ?? '')
    .replace(/[\t\n\r]/g, (one) => `&#${one.charCodeAt(0)};`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd');
