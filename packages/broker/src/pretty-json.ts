/**
 * The text of a config file: indented by tabs, as Apache's ConfigManager writes it, so that people can read
 * it.
 */
export function prettyJson(json: Buffer): string {
  return JSON.stringify(JSON.parse(json.toString('utf8')), undefined, '\t')
}
