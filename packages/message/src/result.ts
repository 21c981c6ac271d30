/** What a decoder answers: it never throws, whatever the bytes are. `size` is how many bytes were used. */
export type DecodeResult<T> =
  | { readonly ok: true; readonly value: T; readonly size: number }
  | { readonly ok: false; readonly reason: string }

export const refused = (reason: string): { readonly ok: false; readonly reason: string } => ({
  ok: false,
  reason,
})
