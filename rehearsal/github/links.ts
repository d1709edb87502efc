/** The addresses of one repository, as answers contain them. */
export class Links {
  /** The address of the API, without a slash at its end. */
  readonly root: string
  readonly owner: string
  readonly repo: string

  constructor(root: string, owner: string, repo: string) {
    this.root = root
    this.owner = owner
    this.repo = repo
  }

  get fullName(): string {
    return `${this.owner}/${this.repo}`
  }

  /** The address of a resource of the repository: `api('issues/1')`; of the repository itself without a path. */
  api(path = ''): string {
    return join(`${this.root}/repos/${this.fullName}`, path)
  }

  /** The page that a person would open. */
  html(path = ''): string {
    return join(`${this.root}/${this.fullName}`, path)
  }
}

/** GitHub's second, opaque identifier of a thing. */
export function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`${kind}:${String(id)}`).toString('base64url')
}

function join(base: string, path: string): string {
  return path === '' ? base : `${base}/${path}`
}
