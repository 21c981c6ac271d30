import { type IncomingMessage, request } from 'node:http'
import type { Folder, FolderEntry } from './folder.js'

const TIMEOUT_MS = 20_000
const ANSWER_SIZE_MAX = 256 * 1024 * 1024

interface Answer {
  readonly status: number
  readonly body: Buffer
}

interface FileStatus {
  readonly pathSuffix: string
  readonly type: 'FILE' | 'DIRECTORY'
  readonly length: number
}

/**
 * HDFS through WebHDFS (Hadoop's WebHDFS REST API). On `node:http`: a DataNode answers CREATE with
 * `100 Continue` unasked, which `fetch` takes for a broken response.
 */
export class WebHdfsFolder implements Folder {
  readonly address: string
  readonly #root: string
  readonly #user: string

  /** `url` is the NameNode's, `http://host:9870`; `root` an absolute path. */
  constructor(url: string, root: string, user = 'rockhopper') {
    this.address = `${url}/webhdfs/v1${root}`
    this.#root = this.address
    this.#user = user
  }

  async list(path: string): Promise<readonly FolderEntry[]> {
    const { status, body } = await this.#ask('GET', path, 'LISTSTATUS')
    if (status === 404) return []
    const { FileStatuses } = json<{ FileStatuses: { FileStatus: readonly FileStatus[] } }>(body)
    return FileStatuses.FileStatus.map(({ pathSuffix, type, length }) => ({
      name: pathSuffix,
      isFolder: type === 'DIRECTORY',
      size: length,
    }))
  }

  /** Closed by the DataNode before it answers 201: the file is on as many nodes as HDFS asks for by then. */
  async create(path: string, content: Uint8Array): Promise<void> {
    const asked = await this.#ask('PUT', path, 'CREATE', '&overwrite=false&noredirect=true')
    const { Location } = json<{ Location: string }>(asked.body)
    const { status, body } = await send('PUT', Location, content)
    if (status !== 201) throw failed('CREATE', path, status, body)
  }

  async read(path: string): Promise<Buffer> {
    const asked = await this.#ask('GET', path, 'OPEN', '&noredirect=true')
    const { Location } = json<{ Location?: string }>(asked.body)
    if (Location === undefined) throw failed('OPEN', path, asked.status, asked.body)
    const { status, body } = await send('GET', Location)
    if (status !== 200) throw failed('OPEN', path, status, body)
    return body
  }

  async rename(from: string, to: string): Promise<boolean> {
    const folder = to.slice(0, to.lastIndexOf('/'))
    await this.#ask('PUT', folder, 'MKDIRS')
    const target = encodeURIComponent(`${new URL(this.#root).pathname.replace('/webhdfs/v1', '')}/${to}`)
    const { status, body } = await this.#ask('PUT', from, 'RENAME', `&destination=${target}`)
    if (status === 404) return false
    return json<{ boolean: boolean }>(body).boolean
  }

  async remove(path: string): Promise<void> {
    await this.#ask('DELETE', path, 'DELETE')
  }

  /** Rejects on anything but success and 404. */
  async #ask(method: string, path: string, op: string, more = ''): Promise<Answer> {
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    const url = `${this.#root}/${encoded}?op=${op}&user.name=${this.#user}${more}`
    const answer = await send(method, url)
    if (answer.status < 300 || answer.status === 404) return answer
    throw failed(op, path, answer.status, answer.body)
  }
}

const json = <T>(body: Buffer): T => JSON.parse(body.toString('utf8')) as T

const failed = (op: string, path: string, status: number, body: Buffer): Error =>
  new Error(`WebHDFS ${op} of ${path}: ${status} ${body.toString('utf8').slice(0, 300)}`)

function send(method: string, url: string, content?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers =
      content === undefined
        ? {}
        : { 'content-type': 'application/octet-stream', 'content-length': content.length }
    const going = request(url, { method, headers, timeout: TIMEOUT_MS }, (answer) => {
      collected(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject)
    })
    going.once('timeout', () => going.destroy(new Error(`${method} ${url}: nothing for ${TIMEOUT_MS} ms`)))
    going.once('error', reject)
    going.end(content)
  })
}

async function collected(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > ANSWER_SIZE_MAX) throw new Error(`an answer of more than ${ANSWER_SIZE_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
