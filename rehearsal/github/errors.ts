/** One entry of GitHub's `errors` list. */
export interface FieldError {
  resource: string
  field: string
  code: 'missing' | 'missing_field' | 'invalid' | 'already_exists' | 'custom'
  message?: string
}

/** A refusal as GitHub would give it; the server turns it into an answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly errors: readonly FieldError[] | undefined

  constructor(status: number, message: string, errors?: readonly FieldError[]) {
    super(message)
    this.status = status
    this.errors = errors
  }

  /** The body of the answer. */
  toJSON(): object {
    const errors = this.errors === undefined ? {} : { errors: this.errors }
    const documentation = { documentation_url: 'https://docs.github.com/rest', status: String(this.status) }
    return { message: this.message, ...errors, ...documentation }
  }
}

/** 404, as GitHub also answers for what the token may not see. */
export function notFound(): ApiError {
  return new ApiError(404, 'Not Found')
}

/** 422 with a sentence and no list, as the git data operations answer. */
export function unprocessable(message: string): ApiError {
  return new ApiError(422, message)
}

/** 422 "Validation Failed" with the fields that are to blame. */
export function validationFailed(...errors: FieldError[]): ApiError {
  return new ApiError(422, 'Validation Failed', errors)
}

/** The value, or 404 where there is none. */
export function found<T>(value: T | undefined): T {
  if (value === undefined) throw notFound()
  return value
}
