// What is asked of the server: DICOMweb, and the names of attributes.

const BASE = "/dicom-web";
const UNCOMPRESSED = "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1";

/** An answer that is none. status: of HTTP, 0 where nothing came. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Asks with a token where there is one, else with the session that the browser has. */
export class Server {
  #headers;

  constructor(token) {
    this.#headers = token ? { Authorization: `Bearer ${token}` } : {};
  }

  study(uid) {
    return this.#json(`${BASE}/studies?StudyInstanceUID=${uid}`).then((found) => found[0]);
  }

  series(study) {
    return this.#json(`${BASE}/studies/${study}/series?includefield=0008103E`);
  }

  instances(study, series) {
    return this.#json(`${BASE}/studies/${study}/series/${series}/instances`);
  }

  metadata(path) {
    return this.#json(`${BASE}/${path}/metadata`);
  }

  tags(study, instance) {
    return this.#json(`/api/v1/dicom/tags/${study}?sop_instance_uid=${instance}`);
  }

  /** The samples of a frame, not compressed. */
  async frame(path, number, signal) {
    const answer = await this.#ask(`${BASE}/${path}/frames/${number}`, UNCOMPRESSED, signal);
    return answer.arrayBuffer();
  }

  /** A frame as the server draws it. */
  async picture(path, number, signal) {
    const answer = await this.#ask(`${BASE}/${path}/frames/${number}/rendered`, "image/png", signal);
    return createImageBitmap(await answer.blob());
  }

  async thumbnail(path) {
    const answer = await this.#ask(`${BASE}/${path}/thumbnail?viewport=96,96`, "image/jpeg");
    return answer.blob();
  }

  /** A value that metadata names by its address, or has within it. */
  async bulk(attribute) {
    if (attribute.InlineBinary !== undefined) {
      return Uint8Array.from(atob(attribute.InlineBinary), (one) => one.charCodeAt(0));
    }
    // Of the address only the path: by which name we are reached, the page knows better.
    const answer = await this.#ask(new URL(attribute.BulkDataURI).pathname, "application/octet-stream");
    return new Uint8Array(await answer.arrayBuffer());
  }

  async #json(path) {
    const answer = await this.#ask(path, "application/json");
    return answer.status === 204 ? [] : answer.json();
  }

  async #ask(path, accept, signal) {
    let answer;
    try {
      answer = await fetch(path, { headers: { Accept: accept, ...this.#headers }, signal });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(0, String(error.message));
    }
    if (!answer.ok) throw new Refused(answer.status, await said(answer));
    return answer;
  }
}

async function said(answer) {
  const text = (await answer.text()).slice(0, 2000);
  try {
    const problem = JSON.parse(text);
    return [problem.detail, problem.hint].filter(Boolean).join(". ");
  } catch {
    return text.trim() || answer.statusText;
  }
}
