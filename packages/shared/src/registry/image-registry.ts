/** What came of asking a registry about one image. */
export type ImageAnswer =
  /** The digest is the registry's own word; some do not give it. */
  | { readonly result: 'found'; readonly digest?: string }
  /** The registry says that there is no such image. Without credentials it may say so of what it hides. */
  | { readonly result: 'missing'; readonly isAnonymous: boolean }
  /** It could not be asked from here; whether nodes can pull is another question. `why` goes on after the host's name. */
  | { readonly result: 'not-asked'; readonly why: string }
  /** The registry itself fails: who pulls now meets the same. */
  | { readonly result: 'failing'; readonly why: string }

/** The registries that images come from. */
export interface ImageRegistry {
  /** Whether a registry has the manifest of an image, by its digest where the reference has one. It pulls nothing. */
  look(image: string, signal: AbortSignal): Promise<ImageAnswer>
  close(): Promise<void>
}
