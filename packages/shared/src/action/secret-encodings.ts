/** A base64 text is only recognisable inside a longer one from this length on; shorter ones would blank ordinary words. */
const minBase64Length = 6

/**
 * The forms in which a text turns up when a program prints it: as it is, inside base64 (at any offset, so also as the
 * password of a basic-auth header), base64url, URL and form encoding, JSON and JSON in JSON, HTML.
 */
export function encodingsOf(text: string): string[] {
  const url = encodeURIComponent(text.toWellFormed())
  const json = JSON.stringify(text).slice(1, -1)
  return [
    text,
    ...base64Of(text),
    url,
    url.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    new URLSearchParams({ '': text }).toString().slice(1),
    json,
    json.replaceAll('/', '\\/'),
    JSON.stringify(json).slice(1, -1),
    htmlOf(text),
  ]
}

function base64Of(text: string): string[] {
  const bytes = Buffer.from(text)
  const whole = bytes.toString('base64')
  const inside = [0, 1, 2]
    .map((offset) => insideBase64(bytes, offset))
    .filter((part) => part.length >= minBase64Length)
  return [whole, ...inside].flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
}

/** The characters that are the same whatever stands before and after: `offset` bytes precede in the first triple. */
function insideBase64(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  const firstOwn = [0, 2, 3][offset] ?? 0
  const ownEnd = Math.floor(((offset + bytes.length) * 8) / 6)
  return encoded.slice(firstOwn, ownEnd)
}

const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function htmlOf(text: string): string {
  return text.replace(/[&<>"']/g, (char) => htmlEntities[char] ?? char)
}
