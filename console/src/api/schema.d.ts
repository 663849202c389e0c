// Generated from schema/openapi.json by `npm run types`; not for editing.
export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process answers. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prometheus metrics. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Records can be made durable and the flow keeps up. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The accounts of all time, at every boundary. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AccountItem"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Records that gave no event, newest first, with the reason. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this source. */
                    source?: components["schemas"]["SourceId"];
                    /** @description With this reason's code, such as `no_mapping`. */
                    reason?: string;
                    /** @description `open`, `rerun` or `resolved`. */
                    status?: string;
                    /** @description Older than this record. */
                    before?: number;
                    /** @description How many, at most 1000. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeadLetterItem"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters/rerun": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends open dead letters through again, with today's mappings, oldest first. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RerunRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RerunAnswer"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events by time, person, thing, place, address and text: what is in the lake and what is not yet. */
        get: {
            parameters: {
                query?: {
                    /** @description Not earlier than this (RFC 3339). */
                    from?: components["schemas"]["Timestamp"];
                    /** @description Earlier than this (RFC 3339). */
                    to?: components["schemas"]["Timestamp"];
                    /** @description Who did it. */
                    person?: components["schemas"]["PersonId"];
                    /** @description A thing at either end. */
                    asset?: components["schemas"]["AssetId"];
                    /** @description A place, or anything in it. */
                    place?: components["schemas"]["PlaceId"];
                    /** @description An address at either end. */
                    ip?: string;
                    /** @description A user name as the source wrote it. */
                    user?: string;
                    /** @description The credential that was presented. */
                    credential?: string;
                    /** @description Text anywhere in the event, in any case; needs `from`. */
                    text?: string;
                    /** @description OCSF class_uid. */
                    class?: number;
                    /** @description A source. */
                    source?: components["schemas"]["SourceId"];
                    /** @description A site. */
                    site?: components["schemas"]["PlaceId"];
                    /** @description Events of a page, at most 1000. */
                    limit?: number;
                    /** @description Where the page before ended: its `next`. */
                    before?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EventPage"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{record}/{part}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One event by its record and part. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Journal sequence */
                    record: number;
                    /** @description Which of the record's events */
                    part: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EventItem"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists findings. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this rule. */
                    rule?: components["schemas"]["RuleId"];
                    /** @description This level or above. */
                    level?: components["schemas"]["Level"];
                    /** @description Findings of a page, at most 1000. */
                    limit?: number;
                    /** @description Where the page before ended: its `next`. */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FindingPage"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/findings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One finding. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Finding id */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Finding"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists incidents. */
        get: {
            parameters: {
                query?: {
                    /** @description `new`, `acknowledged`, `in_progress`, `resolved`, `closed`; several with commas. */
                    state?: string;
                    /** @description `team:ID` or `person:ID`. */
                    owner?: string;
                    /** @description This level or above. */
                    level?: components["schemas"]["Level"];
                    /** @description `person:ID`, `asset:ID` or `place:ID`. */
                    entity?: components["schemas"]["Entity"];
                    /** @description Incidents of a page, at most 500. */
                    limit?: number;
                    /** @description Where the page before ended: its `next`. */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["IncidentPage"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Opens an incident by hand: `title`, `text`, `level`, `team`, and optionally `entities`, `site`,
         *     `seen_at`, `evidence`, `sop`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": unknown;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["IncidentView"];
                    };
                };
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One incident, with the actions that the caller may take. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Incident id */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["IncidentView"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/acts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Does one act to one incident. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Incident id */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ActRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["IncidentView"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not possible now; the detail says why */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ingest/{source}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes records for a source: NDJSON, a JSON array, one JSON value, CSV, lines or XML; also gzip
         *     or zstd. Answers 200 only when every accepted record is on disk. One bad record costs no other.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The sender's name for this body; kept for 24 h, a repeat doubles nothing */
                    "Idempotency-Key"?: string | null;
                    /** @description gzip or zstd */
                    "Content-Encoding"?: string | null;
                };
                path: {
                    /** @description A source of the organisation folder */
                    source: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/x-ndjson": string;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["IngestReceipt"];
                    };
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every limit and how near it is. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LimitItem"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Incidents, findings or events as they happen. Server-sent events named `incident`, `finding`,
         *     `event`; `skipped` tells a slow reader how many it lost.
         */
        get: {
            parameters: {
                query?: {
                    /** @description `incidents` (incidents and findings, the default) or `events`. */
                    kind?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/mappings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The mappings in force. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MappingItem"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists people by id. */
        get: {
            parameters: {
                query?: {
                    /** @description People of a page, at most 500. */
                    limit?: number;
                    /** @description Where the page before ended. */
                    after?: components["schemas"]["PersonId"];
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PeoplePage"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/people/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One person. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Person id */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonItem"];
                    };
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** SQL over the lake and what is not yet in it; read-only, bounded in rows, time and memory. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["QueryRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["QueryAnswer"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The rules in force. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RuleItem"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sources with their health and accounts; `unassigned` holds what no source matched. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SourceItem"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the server stands, in one answer for the status page. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["StatusAnswer"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists tokens. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TokenItem"][];
                    };
                };
            };
        };
        put?: never;
        /** Makes a token. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TokenRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TokenMade"];
                    };
                };
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends a token for ever. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Token id */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/unresolved": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Identifiers that nobody in the organisation answers to, most frequent first. */
        get: {
            parameters: {
                query?: {
                    /** @description Only this kind. */
                    kind?: string;
                    /** @description How many, at most 1000. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UnresolvedItem"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description One line of the accounts: received = kept + rejected + dropped at each boundary and source. */
        AccountItem: {
            /** @description `listen` (by listener), `intake`, `normalise` (by source), `detect`, `lake`, `stream`. */
            boundary: string;
            /** @description `received`, `kept`, `rejected`, `dropped`. */
            outcome: string;
            /** @description Why. */
            reason: string;
            /**
             * Format: int64
             * @description How many.
             */
            records: number;
            /** @description Whose. */
            source: string;
        };
        /** @description Something done to an incident. */
        ActRequest: Record<string, never> & {
            /**
             * Format: int64
             * @description The version that was looked at; refused when another stands. Any, if absent.
             */
            version?: number | null;
        };
        /** @description A record that gave no event. */
        DeadLetterItem: {
            /** @description The reason's code. */
            code: string;
            /** @description The record's first bytes; needs the scope `admin`. */
            head?: string | null;
            /** @description Which mapping tried. */
            mapping?: string | null;
            position?: components["schemas"]["Position"] | null;
            /** @description The reason in words. */
            reason: string;
            /** @description When it was received. */
            received_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Journal sequence.
             */
            record: number;
            /** @description Whose. */
            source: components["schemas"]["SourceId"];
            /** @description `open`, `rerun` or `resolved`. */
            status: string;
        };
        /**
         * @description What it turned out to be (OCSF-like words).
         * @enum {string}
         */
        Disposition: "true_positive" | "benign_positive" | "false_positive" | "test" | "duplicate" | "undetermined";
        Entity: string;
        /** @description One event. */
        EventItem: {
            /** @description The OCSF event, with what Castellan knows of it under `castellan`. */
            event: Record<string, never>;
            /**
             * Format: int32
             * @description Which of the record's events it is.
             */
            part: number;
            /** @description When its record was received. */
            received_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Journal sequence of its record.
             */
            record: number;
            /** @description When it happened. */
            time: components["schemas"]["Timestamp"];
        };
        /** @description One page, newest first. */
        EventPage: {
            /** @description The events. */
            events: components["schemas"]["EventItem"][];
            /** @description Give this as `before` to go on; absent when there is no more. */
            next?: string | null;
        };
        /** @description The event behind a finding. */
        EvidenceRef: {
            /**
             * Format: int32
             * @description OCSF class.
             */
            class_uid: number;
            /**
             * Format: int64
             * @description Journal sequence, or record number within the source's input.
             */
            record: number;
            /** @description Whose. */
            source: components["schemas"]["SourceId"];
            /** @description Event time. */
            time: components["schemas"]["Timestamp"];
        };
        /** @description What one rule concluded about one group in one episode. */
        Finding: {
            /** @description One sentence in words. */
            because: string;
            /** @description Whom and what it is about, in fixed order. */
            entities: components["schemas"]["Entity"][];
            /** @description The events, in event-time order; at most `EVIDENCE_MAX`. */
            evidence: components["schemas"]["EvidenceRef"][];
            /** @description Hash of rule id, rule version, group and anchor. */
            finding: components["schemas"]["FindingId"];
            /** @description The values the rule grouped by. */
            group: {
                [key: string]: string;
            };
            /** @description Its level. */
            level: components["schemas"]["Level"];
            /** @description Which rule. */
            rule: components["schemas"]["RuleId"];
            /** @description Final or not. */
            state: components["schemas"]["FindingState"];
            /** @description Earlier ids of the same episode. */
            supersedes: components["schemas"]["FindingId"][];
            /** @description When it was concluded, in event time. */
            time: components["schemas"]["Timestamp"];
            /** @description Its title. */
            title: string;
            /** @description Conditions that could not be judged, with the source that was stale. */
            undecided: string[];
            /** @description First and last evidence. */
            window: components["schemas"]["Window"];
        };
        FindingId: string;
        /** @description One page, newest first. */
        FindingPage: {
            /** @description The findings. */
            findings: components["schemas"]["Finding"][];
            /** @description Give this as `after` to go on. */
            next?: string | null;
        };
        /**
         * @description Whether a late event could still overturn a finding.
         * @enum {string}
         */
        FindingState: "provisional" | "confirmed" | "withdrawn";
        /** @description One identifier. */
        IdentifierItem: {
            /** @description `badge`, `account` … */
            kind: string;
            /** @description Which system's namespace. */
            realm?: string | null;
            valid_from?: components["schemas"]["Timestamp"] | null;
            valid_to?: components["schemas"]["Timestamp"] | null;
            /**
             * @description The value; left out where it is a secret at a door: badge and card numbers end in three
             *     visible characters.
             */
            value: string;
        };
        /** @description One incident. */
        Incident: {
            /** @description One sentence: the first finding's. */
            because: string;
            /** @description When it last changed (our clock). */
            changed_at: components["schemas"]["Timestamp"];
            disposition?: components["schemas"]["Disposition"] | null;
            /** @description Whom and what it is about. */
            entities: components["schemas"]["Entity"][];
            /** @description Both worlds' events, in event-time order, bounded. */
            evidence: components["schemas"]["EvidenceRef"][];
            /** @description Its findings, in order of arrival. */
            findings: components["schemas"]["FindingId"][];
            /** @description First event time of its evidence. */
            first_seen: components["schemas"]["Timestamp"];
            /** @description Its id. */
            id: components["schemas"]["IncidentId"];
            /** @description Last event time of its evidence. */
            last_seen: components["schemas"]["Timestamp"];
            /** @description The highest level of its findings. */
            level: components["schemas"]["Level"];
            /** @description When it was opened (our clock). */
            opened_at: components["schemas"]["Timestamp"];
            /** @description Who answers for it. */
            owner: components["schemas"]["Owner"];
            /** @description The rules whose findings it holds. */
            rules: components["schemas"]["RuleId"][];
            site?: components["schemas"]["PlaceId"] | null;
            /** @description The operating procedure. */
            sop: components["schemas"]["SopStep"][];
            /** @description Where it stands. */
            state: components["schemas"]["IncidentState"];
            /** @description Whose installation. */
            tenant: components["schemas"]["TenantId"];
            /** @description Its history. */
            timeline: components["schemas"]["TimelineEntry"][];
            /** @description The first finding's title, or a person's words. */
            title: string;
            /**
             * Format: int64
             * @description Counts changes; a writer states the version it saw.
             */
            version: number;
        };
        IncidentId: string;
        /** @description One page, newest first. */
        IncidentPage: {
            /** @description The incidents. */
            incidents: components["schemas"]["Incident"][];
            /** @description Give this as `after` to go on. */
            next?: string | null;
        };
        /**
         * @description Where an incident stands.
         * @enum {string}
         */
        IncidentState: "new" | "acknowledged" | "in_progress" | "resolved" | "closed";
        /** @description An incident and what the caller may do with it. */
        IncidentView: {
            /** @description Every action, and for a missing one the reason. */
            actions: Record<string, never>[];
            /** @description The incident. */
            incident: components["schemas"]["Incident"];
        };
        /** @description The answer: accepted records are on disk. */
        IngestReceipt: {
            /**
             * Format: int64
             * @description Records now durable.
             */
            accepted: number;
            /** @description This body had been taken before under the same Idempotency-Key; nothing was doubled. */
            is_replay: boolean;
            /** @description The first refused ones, each with its place and reason. */
            problems: components["schemas"]["RejectedRecord"][];
            /**
             * Format: int64
             * @description Refused ones not listed.
             */
            problems_omitted: number;
            /**
             * Format: int64
             * @description Records refused.
             */
            rejected: number;
        };
        /**
         * @description Sigma's levels.
         * @enum {string}
         */
        Level: "informational" | "low" | "medium" | "high" | "critical";
        /** @description One limit and how near it is. */
        LimitItem: {
            /**
             * Format: int64
             * @description The bound in force.
             */
            max: number;
            /** @description What it bounds and what happens at it. */
            meaning: string;
            /** @description Key under `[limits]`. */
            name: string;
            /** @description Its unit. */
            unit: string;
            /**
             * Format: int64
             * @description How much is used now, where that is known.
             */
            used?: number | null;
        };
        /** @description One mapping. */
        MappingItem: {
            /** @description `real`: proved on real records; `constructed`: made from the vendor's documentation. */
            evidence: string;
            /** @description Name. */
            name: string;
            /** @description Product. */
            product: string;
            /** @description Vendor. */
            vendor: string;
            /** @description Version. */
            version: string;
        };
        /** @description Who must answer for an incident: exactly one at every instant. */
        Owner: {
            /** @description A team, from the first second. */
            id: components["schemas"]["TeamId"];
            /** @enum {string} */
            kind: "team";
        } | {
            /** @description One person. */
            id: components["schemas"]["PersonId"];
            /** @enum {string} */
            kind: "person";
        };
        /** @description People of a page. */
        PeoplePage: {
            next?: components["schemas"]["PersonId"] | null;
            /** @description The people, by id. */
            people: components["schemas"]["PersonItem"][];
        };
        PersonId: string;
        /** @description A person without a name: names stay in the organisation's own records. */
        PersonItem: {
            /** @description Things of theirs. */
            assets: string[];
            /** @description Id. */
            id: components["schemas"]["PersonId"];
            /** @description Identifiers by which sources know them. */
            identifiers: components["schemas"]["IdentifierItem"][];
            /** @description Kind. */
            kind: components["schemas"]["PersonKind"];
            site?: components["schemas"]["PlaceId"] | null;
            /** @description Status. */
            status: components["schemas"]["PersonStatus"];
            /** @description Team. */
            team?: string | null;
        };
        /**
         * @description What a person is to the organisation.
         * @enum {string}
         */
        PersonKind: "employee" | "contractor" | "visitor" | "service";
        /**
         * @description Whether a person may do anything at all.
         * @enum {string}
         */
        PersonStatus: "active" | "suspended" | "left";
        PlaceId: string;
        /** @description A place in a text; both count from 1. */
        Position: {
            /**
             * Format: int64
             * @description Column in characters, from 1.
             */
            column: number;
            /**
             * Format: int64
             * @description Line, from 1.
             */
            line: number;
        };
        /**
         * @description A problem document.
         *     SOURCE: RFC 9457, section 3.1.
         */
        Problem: {
            /** @description This case in words, and what to do. */
            detail: string;
            /**
             * Format: int64
             * @description Seconds to wait before trying again.
             */
            retry_after_s?: number | null;
            /**
             * Format: int32
             * @description HTTP status.
             */
            status: number;
            /** @description The kind in words. */
            title: string;
            /** @description A stable name for this kind of problem. */
            type: string;
        };
        /** @description What a query gave. */
        QueryAnswer: {
            /** @description Column names, in order. */
            columns: string[];
            /** @description Rows, each in the order of the columns. */
            rows: Record<string, never>[][];
            /** @description Whether rows were cut off at the limit. */
            truncated: boolean;
        };
        /** @description One SELECT statement. */
        QueryRequest: {
            /** @description Also over the table `raw`: what sources said, word by word. Needs the scope `admin`. */
            raw?: boolean;
            /** @description Over the table `events`. */
            sql: string;
        };
        /** @description One refused record. */
        RejectedRecord: {
            /** @description `malformed`, `too_deep`, `too_large`, `empty`, `not_utf8`. */
            code: string;
            /**
             * Format: int64
             * @description Column in bytes, from 1.
             */
            column: number;
            /** @description One sentence. */
            detail: string;
            /**
             * Format: int64
             * @description Line in the body, from 1.
             */
            line: number;
            /**
             * Format: int64
             * @description Its number in the body, from 0.
             */
            record: number;
        };
        /** @description What a re-run sent. */
        RerunAnswer: {
            /**
             * Format: int64
             * @description Records sent through again.
             */
            sent: number;
        };
        /** @description Which dead letters to send through again. */
        RerunRequest: {
            /**
             * Format: int32
             * @description How many, oldest first, at most 1000.
             */
            limit?: number | null;
            source?: components["schemas"]["SourceId"] | null;
        };
        RuleId: string;
        /** @description One rule. */
        RuleItem: {
            /** @description Author. */
            author?: string | null;
            /** @description Id. */
            id: string;
            /** @description Whether it joins other rules' matches. */
            is_correlation: boolean;
            /** @description Level. */
            level: components["schemas"]["Level"];
            /** @description Licence. */
            licence?: string | null;
            /** @description Sigma tags. */
            tags: string[];
            /** @description Which team owns its findings. */
            team?: string | null;
            /** @description Title. */
            title: string;
        };
        /** @description One step of the operating procedure. */
        SopStep: {
            /** @description When it was ticked, and by whom. */
            done?: [
                string,
                string
            ] | null;
            /** @description What to do. */
            text: string;
        };
        SourceId: string;
        /** @description One source. */
        SourceItem: {
            /** @description Its lines of the accounts, of all time. */
            accounts: components["schemas"]["AccountItem"][];
            /**
             * Format: int64
             * @description Seconds of silence that make it stale.
             */
            heartbeat_s?: number | null;
            /** @description Id. */
            id: components["schemas"]["SourceId"];
            last_heard?: components["schemas"]["Timestamp"] | null;
            /** @description Its mapping, or `auto`. */
            mapping: string;
            site?: components["schemas"]["PlaceId"] | null;
            state?: components["schemas"]["SourceState"] | null;
            /** @description How well its sender is known, at best. */
            trust: components["schemas"]["Trust"];
        };
        /**
         * @description Whether a source is being heard.
         * @enum {string}
         */
        SourceState: "heard" | "silent";
        /** @description How the server stands. */
        StatusAnswer: {
            /** @description What is wrong with the content folder as it is now; the last good content stays in force. */
            content_problems: string[];
            /**
             * Format: int64
             * @description Events judged since the start.
             */
            events: number;
            /** @description Records can be taken and the flow keeps up. */
            is_ready: boolean;
            /**
             * Format: int64
             * @description Newest durable record.
             */
            journalled: number;
            /**
             * Format: int64
             * @description Newest judged record.
             */
            judged: number;
            /** @description Its clock. */
            now: components["schemas"]["Timestamp"];
            /** @description Open incidents. */
            open_incidents: number;
            /** @description The organisation's name. */
            organisation: string;
            /** @description Since when it runs. */
            started_at: components["schemas"]["Timestamp"];
            /** @description This program's version. */
            version: string;
        };
        TeamId: string;
        TenantId: string;
        /** @description What happened to an incident. */
        TimelineAct: {
            /** @enum {string} */
            act: "opened";
            finding?: components["schemas"]["FindingId"] | null;
            /** @description A person's words. */
            text?: string | null;
        } | {
            /** @enum {string} */
            act: "folded";
            /** @description Its sentence. */
            because: string;
            /** @description Which. */
            finding: components["schemas"]["FindingId"];
        } | {
            /** @enum {string} */
            act: "finding_withdrawn";
            /** @description Which. */
            finding: components["schemas"]["FindingId"];
        } | {
            /** @enum {string} */
            act: "state";
            /** @description From. */
            from: components["schemas"]["IncidentState"];
            /** @description To. */
            to: components["schemas"]["IncidentState"];
        } | {
            /** @enum {string} */
            act: "owner";
            /** @description From. */
            from: components["schemas"]["Owner"];
            /** @description To. */
            to: components["schemas"]["Owner"];
        } | {
            /** @enum {string} */
            act: "comment";
            /** @description What. */
            text: string;
        } | {
            /** @enum {string} */
            act: "disposition";
            /** @description Which. */
            disposition: components["schemas"]["Disposition"];
            /** @description Why. */
            reason?: string | null;
        } | {
            /** @enum {string} */
            act: "step";
            /**
             * Format: int32
             * @description Its number from 0.
             */
            step: number;
        } | {
            /** @enum {string} */
            act: "notified";
            /** @description By which channel. */
            channel: string;
            /** @description Whether it was taken, or why not. */
            outcome: string;
        };
        /** @description One line of an incident's history. */
        TimelineEntry: {
            /** @description What. */
            act: components["schemas"]["TimelineAct"];
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Who, or `castellan`. */
            by: string;
        };
        /**
         * Format: date-time
         * @description RFC 3339, UTC, up to nanoseconds
         */
        Timestamp: string;
        /** @description One token without its text. */
        TokenItem: {
            /** @description When it was made. */
            created_at: components["schemas"]["Timestamp"];
            expires_at?: components["schemas"]["Timestamp"] | null;
            /** @description Its id. */
            id: string;
            /** @description Whose it is, or what for. */
            label: string;
            revoked_at?: components["schemas"]["Timestamp"] | null;
            /** @description What it may do. */
            scopes: string[];
            /** @description Only for these sources. */
            sources: components["schemas"]["SourceId"][];
        };
        /** @description A token, shown once. */
        TokenMade: {
            /** @description Its id. */
            id: string;
            /** @description Its text. It is kept nowhere. */
            token: string;
        };
        /** @description What is wanted of a new token. */
        TokenRequest: {
            /** @description Until when. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description A person's id, which lets it own incidents, or words for what it is for. */
            label: string;
            /** @description `ingest`, `read`, `operate`, `admin`. */
            scopes: string[];
            /** @description Only for these sources; for any if empty. */
            sources?: components["schemas"]["SourceId"][];
        };
        /**
         * @description How well we know that a record comes from whom it says (DESIGN section 11).
         * @enum {string}
         */
        Trust: "none" | "address" | "token" | "mtls";
        /** @description An identifier that nobody in the organisation answers to. */
        UnresolvedItem: {
            /**
             * Format: int64
             * @description How often.
             */
            count: number;
            /** @description First heard. */
            first: components["schemas"]["Timestamp"];
            /** @description `badge`, `account`, `ip` … */
            kind: string;
            /** @description Last heard. */
            last: components["schemas"]["Timestamp"];
            /** @description Who uses it. */
            source: components["schemas"]["SourceId"];
            /** @description The value. */
            value: string;
        };
        /** @description First and last event time of the episode. */
        Window: {
            /** @description First. */
            from: components["schemas"]["Timestamp"];
            /** @description Last. */
            to: components["schemas"]["Timestamp"];
        };
        AssetId: string;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
