"""The methods of BigQuery's API, as far as the warehouse calls them, on what the scripted server holds."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.stand_ins.scripted_bigquery_state import BigQueryState, Refused
from tests.stand_ins.scripted_bigquery_tables import (
    Fault,
    StoredTable,
    find_faults,
    find_retyped_field,
    inherit,
    read_keeping_statement,
    read_view_statement,
    read_widening_statement,
)

CREATED_AT = 1795348800000


class Service:
    """The API's methods, by the names of KINDS."""

    def __init__(self, state: BigQueryState) -> None:
        self.state = state

    def answer(self, kind: str, names: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Any:
        """Do one call, as scripted."""
        state = self.state
        state.calls[kind] += 1
        state.authorizations.append(headers.get("authorization", ""))
        if kind in state.drops:
            del state.tables[state.drops.pop(kind)]
        upset = next((upset for upset in state.upsets if upset.kind == kind), None)
        if upset is not None:
            state.upsets.remove(upset)
            if not upset.after:
                raise upset.answer
        method: Callable[..., Any] = getattr(self, "do_" + kind.replace(" ", "_"))
        done = method(names, headers, body)
        if upset is not None:
            raise upset.answer
        return done

    def do_get_dataset(self, _names: Mapping[str, str], _headers: Mapping[str, str], _body: bytes) -> Any:
        if not self.state.datasets:
            raise Refused(404, "notFound", "Not found: Dataset demo:erp")
        return self.state.datasets["erp"]

    def do_create_dataset(self, _names: Mapping[str, str], _headers: Mapping[str, str], body: bytes) -> Any:
        if self.state.datasets:
            raise Refused(409, "duplicate", "Already Exists: Dataset demo:erp")
        self.state.datasets["erp"] = {**json.loads(body), "location": self.state.location}
        return self.state.datasets["erp"]

    def do_get_table(self, names: Mapping[str, str], _headers: Mapping[str, str], _body: bytes) -> Any:
        table = self._find(names["table"])
        size = sum(len(json.dumps(row)) for row in table.rows)
        return table.resource | {"numRows": str(len(table.rows)), "numBytes": str(size)}

    def do_create_table(self, _names: Mapping[str, str], _headers: Mapping[str, str], body: bytes) -> Any:
        self.do_get_dataset({}, {}, b"")
        resource = json.loads(body)
        name = resource["tableReference"]["tableId"]
        if name in self.state.tables:
            raise Refused(409, "duplicate", f"Already Exists: Table demo:erp.{name}")
        resource |= {
            "type": "TABLE",
            "etag": "1",
            "creationTime": str(CREATED_AT + self.state.calls["create table"]),
            "location": self.state.location,
        }
        inherit(resource, self.state.datasets["erp"], CREATED_AT)
        table = StoredTable(resource=resource)
        if not self.state.lags:
            table.streaming_schema = table.schema
        self.state.tables[name] = table
        return resource

    def do_list_tables(self, _names: Mapping[str, str], _headers: Mapping[str, str], _body: bytes) -> Any:
        self.do_get_dataset({}, {}, b"")
        listed = ("tableReference", "type", "labels", "creationTime", "expirationTime", "timePartitioning")
        return {
            "tables": [
                {"kind": "bigquery#table"} | {n: v for n, v in table.resource.items() if n in listed}
                for table in self.state.tables.values()
            ]
        }

    def do_patch_table(self, names: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Any:
        table = self._find(names["table"])
        if headers.get("if-match", table.resource["etag"]) != table.resource["etag"]:
            raise Refused(412, "conditionNotMet", "Precondition check failed.")
        changes = json.loads(body)
        if (
            retyped := find_retyped_field(table.schema, changes.get("schema", {}).get("fields", ()))
        ) is not None:
            raise Refused(400, "invalid", f"Provided Schema does not match Table. Field {retyped}")
        table.resource |= changes | {"etag": str(int(table.resource["etag"]) + 1)}
        if not self.state.lags:
            table.streaming_schema = table.schema
        return table.resource

    def do_delete_table(self, names: Mapping[str, str], _headers: Mapping[str, str], _body: bytes) -> Any:
        self._find(names["table"])
        del self.state.tables[names["table"]]
        return {}

    def do_rights(self, _names: Mapping[str, str], _headers: Mapping[str, str], body: bytes) -> Any:
        if self.state.permissions is None:
            return {"permissions": json.loads(body)["permissions"]}
        return {"permissions": sorted(self.state.permissions)}

    def do_insertAll(self, names: Mapping[str, str], _headers: Mapping[str, str], body: bytes) -> Any:  # noqa: N802
        if len(body) > self.state.largest_request:
            raise Refused(413, "requestTooLarge", "Request payload size exceeds the limit")
        table = self._find(names["table"])
        if table.streaming_schema is None:
            if self.state.loses_lagging_rows:
                return {}
            raise Refused(404, "notFound", f"Not found: Table demo:erp.{names['table']}")
        rows = json.loads(body)["rows"]
        errors = {i: faults for i, row in enumerate(rows) if (faults := self._find_row_errors(row, table))}
        if self.state.request_faults:
            errors[0] = [{"reason": self.state.request_faults.pop(0), "message": "as scripted"}]
        if any(faults[0]["reason"] == "invalid" for faults in errors.values()):
            stopped = [{"reason": "stopped", "location": "", "message": ""}]
            errors = {i: errors.get(i, stopped) for i in range(len(rows))}
        for i, row in enumerate(rows):
            if i not in errors:
                self._store(table, row["insertId"], row["json"])
        return {"insertErrors": [{"index": i, "errors": faults} for i, faults in errors.items()]}

    def do_upload(self, _names: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Any:
        if "multipart" in headers["content-type"]:
            boundary = re.search(r'boundary="?([^";]+)', headers["content-type"])
            assert boundary is not None
            _, config, data, _ = body.split(b"--" + boundary[1].encode())
            return self._run_load(
                json.loads(config.split(b"\r\n\r\n", 1)[1]), data.split(b"\r\n\r\n", 1)[1][:-2]
            )
        config = json.loads(body)
        self.state.pending_uploads[config["jobReference"]["jobId"]] = config
        return config["jobReference"]["jobId"]

    def do_chunk(self, names: Mapping[str, str], _headers: Mapping[str, str], body: bytes) -> Any:
        return self._run_load(self.state.pending_uploads.pop(names["upload_id"]), body)

    def do_submit(self, _names: Mapping[str, str], _headers: Mapping[str, str], body: bytes) -> Any:
        job = json.loads(body)
        sql = job["configuration"]["query"]["query"]
        self.state.statements.append(sql)
        if (widened := read_widening_statement(sql)) is not None:
            self._widen(*widened)
        if (kept := read_keeping_statement(sql)) is not None and not self.state.query_faults:
            self._keep_for_good(*kept)
        if (view := read_view_statement(sql)) is not None:
            name, labels = view
            resource = {
                "tableReference": {"projectId": "demo", "datasetId": "erp", "tableId": name},
                "type": "VIEW",
                "etag": "1",
                "labels": labels,
            }
            inherit(resource, self.state.datasets["erp"], CREATED_AT)
            self.state.tables[name] = StoredTable(resource=resource)
        return self._keep_job(job, _fail(*self.state.query_faults.pop(0)) if self.state.query_faults else {})

    def do_job(self, names: Mapping[str, str], _headers: Mapping[str, str], _body: bytes) -> Any:
        job = self.state.jobs.get(names["job"])
        if job is None:
            raise Refused(404, "notFound", f"Not found: Job demo:{names['job']}")
        job["polls"] -= 1
        if job["polls"] < 0:
            job["status"]["state"] = "DONE"
        return job

    def do_results(self, names: Mapping[str, str], _headers: Mapping[str, str], _body: bytes) -> Any:
        start, size = int(names.get("pageToken", 0)), int(names.get("maxResults", 1000))
        rows = self.state.answers[start : start + size]
        reference = self.state.jobs[names["job"]]["jobReference"]
        types = zip(
            ("_id", "_modified_at", "_version", "_own_stamp", "_synced_at", "_deleted", "_first_synced_at"),
            ("STRING", "TIMESTAMP", "STRING", "TIMESTAMP", "TIMESTAMP", "BOOLEAN", "TIMESTAMP"),
            strict=True,
        )
        answer = {
            "jobComplete": True,
            "jobReference": reference,
            "totalRows": str(len(self.state.answers)),
            "schema": {"fields": [{"name": name, "type": kind} for name, kind in types]},
            "rows": [{"f": [{"v": value} for value in row]} for row in rows],
        }
        more = start + size < len(self.state.answers)
        return answer | ({"pageToken": str(start + size)} if more else {})

    def _keep_for_good(self, name: str, options: set[str]) -> None:
        resource = self._find(name).resource
        if "expiration_timestamp" in options:
            resource.pop("expirationTime", None)
        if "partition_expiration_days" in options:
            resource["timePartitioning"].pop("expirationMs", None)

    def _widen(self, name: str, columns: list[str]) -> None:
        table = self._find(name)
        known = {column["name"]: column for column in table.resource["schema"]["fields"]}
        for column in columns:
            assert known[column]["type"] in ("NUMERIC", "BIGNUMERIC"), "what BigQuery would refuse"
            known[column]["type"] = "BIGNUMERIC"
        table.resource["etag"] = str(int(table.resource["etag"]) + 1)

    def _run_load(self, job: dict[str, Any], data: bytes) -> Any:
        name = job["configuration"]["load"]["destinationTable"]["tableId"]
        if job["jobReference"]["jobId"] in self.state.jobs:
            raise Refused(409, "duplicate", f"Already Exists: Job {job['jobReference']['jobId']}")
        if name not in self.state.tables:
            return self._keep_job(job, _fail("notFound", f"Not found: Table demo:erp.{name}"))
        if self.state.job_faults:
            return self._keep_job(job, _fail(*self.state.job_faults.pop(0)))
        table, rows, position = self._find(name), [], 0
        for line in data.split(b"\n"):
            fault = _find_line_fault(line, table)
            if fault is not None:
                message = f"Error while reading data, error message: JSON parsing error in row starting at position {position}: {fault}"
                return self._keep_job(job, _fail("invalid", message))
            rows.append(json.loads(line))
            position += len(line) + 1
        table.rows += rows
        counted = len(rows) - 1 if self.state.miscounts else len(rows)
        return self._keep_job(job, {"statistics": {"load": {"outputRows": str(counted)}}})

    def _keep_job(self, job: dict[str, Any], outcome: Mapping[str, Any]) -> dict[str, Any]:
        polls = self.state.polls_until_done
        job["jobReference"]["location"] = self.state.location
        job |= {"polls": polls, "status": {"state": "RUNNING" if polls else "DONE"}}
        job["status"] |= outcome.get("status", {})
        job["statistics"] = outcome.get("statistics", {})
        self.state.jobs[job["jobReference"]["jobId"]] = job
        return job

    def _find_row_errors(self, row: Mapping[str, Any], table: StoredTable) -> list[dict[str, str]]:
        if scripted := self.state.row_faults.get(row["insertId"]):
            return [{"reason": scripted.pop(0), "message": "as scripted"}]
        assert table.streaming_schema is not None
        faults = find_faults(row["json"], table.streaming_schema, json_as_text=True)
        return [{"reason": "invalid", "location": fault.path, "message": fault.message} for fault in faults]

    def _store(self, table: StoredTable, insert_id: str, row: dict[str, Any]) -> None:
        if insert_id not in table.insert_ids or not self.state.deduplicates:
            table.rows.append(row)
        table.insert_ids.add(insert_id)

    def _find(self, name: str) -> StoredTable:
        if name not in self.state.tables:
            raise Refused(404, "notFound", f"Not found: Table demo:erp.{name}")
        return self.state.tables[name]


def _fail(reason: str, message: str) -> dict[str, Any]:
    error = {"reason": reason, "message": message}
    return {"status": {"errorResult": error, "errors": [error]}}


def _find_line_fault(line: bytes, table: StoredTable) -> str | None:
    try:
        row = json.loads(line)
    except ValueError:
        return "Parser terminated before end of string"
    faults: Iterator[Fault] = find_faults(row, table.schema, json_as_text=False)
    return next((fault.message for fault in faults), None)
