// A small archive on npm's dcmjs-dimse, as somebody would write one with it: C-ECHO, C-STORE, C-FIND, C-GET and
// C-MOVE over data sets in memory. Whatever the library does to a data set between coming and going is left alone.
//
//     node dcmjs_scp.mjs PORT AE_TITLE '{"DESTINATION": ["127.0.0.1", 11113], …}'     NODE_PATH: where npm put it
import { createRequire } from "node:module";
import net from "node:net";

const dimse = createRequire(`${process.env.NODE_PATH}/`)("dcmjs-dimse");
const { Client, Dataset, Scp, Server, Transcoding, constants, requests, responses } = dimse;
const { PresentationContextResult, SopClass, Status, TransferSyntax } = constants;
const [port, title, destinations] = process.argv.slice(2);
const known = JSON.parse(destinations ?? "{}");
const stored = new Map();

const SERVICES = new Set([SopClass.Verification]);
for (const [name, uid] of Object.entries(SopClass)) if (name.includes("QueryRetrieveInformationModel")) SERVICES.add(uid);
/** Every storage class there is, also those that the library has no name for. */
const isServed = (uid) => SERVICES.has(uid) || uid.startsWith("1.2.840.10008.5.1.4.1.1.");
const TAKEN = new Set(Object.values(TransferSyntax));
const UNIQUE = { PATIENT: "PatientID", STUDY: "StudyInstanceUID", SERIES: "SeriesInstanceUID", IMAGE: "SOPInstanceUID" };
const COUNTS = {
  NumberOfPatientRelatedStudies: "StudyInstanceUID",
  NumberOfPatientRelatedSeries: "SeriesInstanceUID",
  NumberOfPatientRelatedInstances: "SOPInstanceUID",
  NumberOfStudyRelatedSeries: "SeriesInstanceUID",
  NumberOfStudyRelatedInstances: "SOPInstanceUID",
  NumberOfSeriesRelatedInstances: "SOPInstanceUID",
};

const text = (value) => {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(text).join("\\");
  return typeof value === "object" && "Alphabetic" in value ? value.Alphabetic : String(value);
};

/** Whether a stored value fits a key: universal, list of UIDs, range, wildcards, else the value itself. */
function fits(asked, value, keyword) {
  if (asked === "") return true;
  if (keyword.endsWith("UID")) return asked.split("\\").includes(value);
  if (/(Date|Time)$/.test(keyword) && asked.includes("-")) {
    const [from, to] = asked.split("-");
    return value !== "" && value >= from && (to === "" || value <= to);
  }
  const pattern = asked.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return value.split("\\").some((one) => new RegExp(`^${pattern}$`, "i").test(one));
}

const isKey = (keyword) => !keyword.startsWith("_") && keyword !== "QueryRetrieveLevel" && keyword !== "SpecificCharacterSet";
const ofGroup = (group, keyword) => [...new Set(group.map((one) => text(one.getElement(keyword))))];

function answerOf(keyword, group) {
  if (keyword in COUNTS) return ofGroup(group, COUNTS[keyword]).length;
  if (keyword === "ModalitiesInStudy") return ofGroup(group, "Modality");
  return group[0].getElement(keyword) ?? "";
}

/** The groups of instances (a patient's, a study's, …) of which every key of the identifier holds. */
function matching(keys) {
  const level = keys.QueryRetrieveLevel;
  const groups = new Map();
  for (const one of stored.values()) {
    const unique = text(one.getElement(UNIQUE[level]));
    groups.set(unique, [...(groups.get(unique) ?? []), one]);
  }
  const asked = Object.keys(keys).filter((keyword) => isKey(keyword) && !(keyword in COUNTS));
  return [...groups.values()].filter((group) =>
    asked.every((keyword) => fits(text(keys[keyword]), text(answerOf(keyword, group)), keyword)),
  );
}

const ended = (Response, request, counts, status) => {
  const response = Response.fromRequest(request);
  response.setCompleted(counts.completed);
  response.setFailures(counts.failed);
  response.setWarnings(0);
  response.setStatus(status ?? (counts.failed ? Status.SubOperationsCompleteOneOrMoreFailures : Status.Success));
  return response;
};

/** Send what matches by `send`, and give the counts when the last was answered. */
function subOperations(keys, send, done) {
  const instances = matching(keys).flat();
  const counts = { completed: 0, failed: 0 };
  const stores = instances.map((instance) => new requests.CStoreRequest(instance));
  for (const store of stores) {
    store.on("response", (response) => {
      counts[response.getStatus() === Status.Success ? "completed" : "failed"] += 1;
      if (counts.completed + counts.failed === stores.length) done(counts);
    });
  }
  if (stores.length) send(stores, (problem) => done({ ...counts, failed: stores.length - counts.completed }, problem));
  else done(counts);
}

class Archive extends Scp {
  associationRequested(association) {
    association.setMaxPduLength(65536);
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id);
      const syntax = context.getTransferSyntaxUids().find((uid) => TAKEN.has(uid));
      if (!isServed(context.getAbstractSyntaxUid()))
        context.setResult(PresentationContextResult.RejectAbstractSyntaxNotSupported);
      else if (syntax) context.setResult(PresentationContextResult.Accept, syntax);
      else context.setResult(PresentationContextResult.RejectTransferSyntaxesNotSupported);
    }
    this.sendAssociationAccept();
  }

  cEchoRequest(request, callback) {
    const response = responses.CEchoResponse.fromRequest(request);
    response.setStatus(Status.Success);
    callback(response);
  }

  cStoreRequest(request, callback) {
    const response = responses.CStoreResponse.fromRequest(request);
    stored.set(text(request.getAffectedSopInstanceUid()), request.getDataset());
    response.setStatus(Status.Success);
    callback(response);
  }

  cFindRequest(request, callback) {
    const keys = request.getDataset().getElements();
    const answers = matching(keys).map((group) => {
      const elements = { QueryRetrieveLevel: keys.QueryRetrieveLevel };
      const set = group[0].getElement("SpecificCharacterSet");
      if (set) elements.SpecificCharacterSet = set;
      for (const keyword of Object.keys(keys).filter(isKey)) elements[keyword] = answerOf(keyword, group);
      const answer = responses.CFindResponse.fromRequest(request);
      answer.setDataset(new Dataset(elements));
      answer.setStatus(Status.Pending);
      return answer;
    });
    const last = responses.CFindResponse.fromRequest(request);
    last.setStatus(Status.Success);
    callback([...answers, last]);
  }

  cGetRequest(request, callback) {
    subOperations(
      request.getDataset().getElements(),
      (stores) => this.sendRequests(stores),
      (counts) => callback([ended(responses.CGetResponse, request, counts)]),
    );
  }

  cMoveRequest(request, callback) {
    const destination = known[request.getCommandDataset().getElement("MoveDestination")];
    const answer = (counts, status) => callback([ended(responses.CMoveResponse, request, counts, status)]);
    if (!destination) {
      answer({ completed: 0, failed: 0 }, Status.MoveDestinationUnknown);
      return;
    }
    subOperations(
      request.getDataset().getElements(),
      (stores, failed) => {
        const client = new Client();
        for (const store of stores) client.addRequest(store);
        client.on("networkError", failed);
        client.on("associationRejected", failed);
        const called = request.getCommandDataset().getElement("MoveDestination");
        client.send(destination[0], destination[1], title, called);
      },
      answer,
    );
  }

  associationReleaseRequested() {
    this.sendAssociationReleaseResponse();
  }
}

// The library lets nobody say where it listens: on the loopback interface alone.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (at, ...more) {
  return listen.call(this, at, "127.0.0.1", ...more);
};
dimse.log.setLevel("error");
await Transcoding.initializeAsync();
const server = new Server(Archive);
server.on("networkError", (problem) => console.log("network error:", problem.message ?? problem));
server.listen(Number(port));
