/** Numbers that are given out once. */
export class Sequence {
  #next: number

  constructor(first: number) {
    this.#next = first
  }

  next(): number {
    return this.#next++
  }
}
