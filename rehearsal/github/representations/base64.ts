const charactersPerLine = 60

/** base64 the way GitHub writes it: broken into lines, with a line break at the end. */
export function base64Lines(content: Buffer): string {
  return content.toString('base64').replace(new RegExp(`.{1,${String(charactersPerLine)}}`, 'g'), '$&\n')
}
