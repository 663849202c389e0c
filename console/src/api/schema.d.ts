// Generated from schema/openapi.json by `npm run types`; not for editing.
export interface paths {
    "/.well-known/authzen-configuration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What this decision point offers, and where. */
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
                        "application/json": components["schemas"]["Metadata"];
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
    "/access/v1/evaluation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** May this subject do this here, now? */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Sent back as it is */
                    "X-Request-ID"?: string | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["EvaluationBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DecisionItem"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/access/v1/evaluations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The same for many questions at once, by one snapshot. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Sent back as it is */
                    "X-Request-ID"?: string | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["EvaluationsBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DecisionsItem"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/access/v1/search/action": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What may this subject do here, now? */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SearchBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Results"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/access/v1/search/resource": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Through which doors may this subject, now? */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SearchBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Results"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/access/v1/search/subject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Which people may do this here, now? */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SearchBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Results"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
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
    "/v1/access": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rights in numbers, and what the caller may do with them. */
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
                        "application/json": components["schemas"]["AccessSummary"];
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
    "/v1/access/answers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who could open a door at an instant, why and approved by whom; and who did. By the rights of
         *     then and the organisation of today.
         */
        get: {
            parameters: {
                query: {
                    /** @description Which door. */
                    door: components["schemas"]["DoorId"];
                    /** @description At which instant; now where nothing is said. */
                    at?: components["schemas"]["Timestamp"];
                    /** @description Who did, so many seconds before and after; at most seven days. */
                    window_s?: number;
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
                        "application/json": components["schemas"]["AnswersItem"];
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
                /** @description The rights of then do not hold any more */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/access/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Credentials of people at the sites within the caller's reach, by id. */
        get: {
            parameters: {
                query?: {
                    /** @description Items of a page, at most 500. */
                    limit?: number;
                    /** @description Where the page before ended. */
                    after?: string;
                    /** @description Of this person. */
                    person?: components["schemas"]["PersonId"];
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
                        "application/json": components["schemas"]["CredentialPage"];
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
    "/v1/access/doors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Doors within the caller's reach, by id. */
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
                        "application/json": components["schemas"]["AccessDoorItem"][];
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
    "/v1/access/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Why somebody may pass a door or may not: every check and policy, now, then or made up. Of an
         *     instant of the past: by the rights of then and the organisation of today; where people were then
         *     is not known any more.
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
                    "application/json": components["schemas"]["ExplainBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Explained"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/access/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Groups, by id. */
        get: {
            parameters: {
                query?: {
                    /** @description Items of a page, at most 500. */
                    limit?: number;
                    /** @description Where the page before ended. */
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
                        "application/json": components["schemas"]["GroupPage"];
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
    "/v1/access/groups/{group}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is in a group itself, at the sites within the caller's reach. */
        get: {
            parameters: {
                query?: {
                    /** @description Items of a page, at most 500. */
                    limit?: number;
                    /** @description Where the page before ended. */
                    after?: string;
                };
                header?: never;
                path: {
                    /** @description Group id */
                    group: string;
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
                        "application/json": components["schemas"]["MemberPage"];
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
    "/v1/access/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The maps by which lists of other products can be read. */
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
                        "application/json": components["schemas"]["ImportMapItem"][];
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
        /**
         * Takes in lists of cardholders, credentials, groups and rights of another product, or says what
         *     that would change. A list adds and changes; one that is said to be whole also ends what its
         *     source has brought before and it no longer says. Undone like any version.
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
                    "application/json": components["schemas"]["ImportBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ImportItem"];
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description More would end than is allowed */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The map or the result does not hold */
                422: {
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
    "/v1/access/people/{person}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets a person's digits. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Person id */
                    person: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PinBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangeMade"];
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
        post?: never;
        /** Takes a person's digits away. */
        delete: {
            parameters: {
                query?: {
                    /** @description In a person's words; kept in the audit log. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Person id */
                    person: string;
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
                        "application/json": components["schemas"]["ChangeMade"];
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/access/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The house's policies of doors. */
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
                        "application/json": components["schemas"]["PolicyFileItem"][];
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
    "/v1/access/policies/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Writes a file of policies. One with an error is refused with its line, and what runs goes on. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Such as `house.cedar` */
                    file: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PolicyBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangeMade"];
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
                /** @description It does not hold; see `problems` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Takes a file of policies away. */
        delete: {
            parameters: {
                query?: {
                    /** @description In a person's words; kept in the audit log. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Such as `house.cedar` */
                    file: string;
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
                        "application/json": components["schemas"]["ChangeMade"];
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/access/rights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rights, by id, to what is within the caller's reach. */
        get: {
            parameters: {
                query?: {
                    /** @description Items of a page, at most 500. */
                    limit?: number;
                    /** @description Where the page before ended. */
                    after?: string;
                    /** @description Of this group. */
                    group?: components["schemas"]["GroupId"];
                    /** @description Of this person themselves. */
                    person?: components["schemas"]["PersonId"];
                    /** @description To this zone. */
                    zone?: components["schemas"]["ZoneId"];
                    /** @description To this door itself. */
                    door?: components["schemas"]["DoorId"];
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
                        "application/json": components["schemas"]["RightPage"];
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
    "/v1/access/rights/{right}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Gives a right, or changes it. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Right id */
                    right: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RightBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangeMade"];
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
                /** @description It is so already */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description It does not hold; see `problems` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Takes a right away. */
        delete: {
            parameters: {
                query?: {
                    /** @description In a person's words; kept in the audit log. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Right id */
                    right: string;
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
                        "application/json": components["schemas"]["ChangeMade"];
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
    "/v1/access/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Schedules, by id. */
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
                        "application/json": components["schemas"]["ScheduleItem"][];
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
    "/v1/access/schedules/{schedule}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets hours, or changes them. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Schedule id */
                    schedule: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ScheduleBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangeMade"];
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
                /** @description They do not hold; see `problems` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Takes hours away; refused while a right or a door goes by them. */
        delete: {
            parameters: {
                query?: {
                    /** @description In a person's words; kept in the audit log. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Schedule id */
                    schedule: string;
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
                        "application/json": components["schemas"]["ChangeMade"];
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
                /** @description Something goes by it; see `problems` */
                422: {
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
    "/v1/access/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who changed rights, when, why and by whose approval; newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Older than this one. */
                    before?: number;
                    /** @description Items of a page, at most 500. */
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
                        "application/json": components["schemas"]["VersionPage"];
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
    "/v1/access/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One version and what it changed; for those who may see the whole organisation. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Version */
                    version: number;
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
                        "application/json": components["schemas"]["VersionDetail"];
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
    "/v1/access/versions/{version}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Undoes a version: what it changed becomes what it was. Refused where that was changed since. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Version */
                    version: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UndoBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangeMade"];
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
                /** @description It was changed again since */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description It would not hold; see `problems` */
                422: {
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
    "/v1/access/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begins to answer what a draft would change for those who asked to come in during the last days.
         *     Nothing is changed by asking.
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
                    "application/json": components["schemas"]["WhatIfBody"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WhatIfBegun"];
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
                /** @description The draft does not hold; see `problems` */
                422: {
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
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/access/what-if/{job}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How a question stands, and its answer. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Question */
                    job: string;
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
                        "application/json": components["schemas"]["WhatIfItem"];
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
        /** Stops a question. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Question */
                    job: string;
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
    "/v1/access/zones": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Zones within the caller's reach, by id. */
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
                        "application/json": components["schemas"]["ZoneItem"][];
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
    "/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The accounts of all time, at every boundary. A role of some sites gets the lines of their
         *     sources; those of listeners, of detection and of the lake are the whole organisation's.
         */
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
    "/v1/alarm-rates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How often people are alarmed, against one alarm in ten minutes for each operator (EEMUA 191,
         *     ISA-18.2), with the noisiest rules named.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Only `ten_minutes`, `shift` or `week`. */
                    window?: string;
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
                        "application/json": components["schemas"]["AlarmRatesAnswer"];
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
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The audit log, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Acts before this number, newest first: the `next` of the page before. */
                    before?: number;
                    /** @description Acts of a page, at most 1000. */
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
                        "application/json": components["schemas"]["AuditPage"];
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
    "/v1/audit/verification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reads the whole chain and says whether it holds. */
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
                        "application/json": components["schemas"]["AuditVerdict"];
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
    "/v1/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Commands, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this door alone. */
                    door?: string;
                    /** @description How many, at most 500. */
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
                        "application/json": components["schemas"]["CommandItem"][];
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
    "/v1/commands/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One command, and what has become of it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Command id */
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
                        "application/json": components["schemas"]["CommandItem"];
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
    "/v1/controllers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Door controllers that are run by the server, with their cards and clocks. */
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
                        "application/json": components["schemas"]["ControllerItem"][];
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
    "/v1/doors/control": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every door that rights know, how it stands and who runs it. */
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
                        "application/json": components["schemas"]["ControlItem"][];
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
    "/v1/doors/refused": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who was refused at doors, newest first. Names are shown at once to those who stand guard; the
         *     first showing of each to a session is recorded in the audit log.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Not earlier than this (RFC 3339). */
                    since?: components["schemas"]["Timestamp"];
                    /** @description How many, at most 200. */
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
                        "application/json": components["schemas"]["RefusalItem"][];
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
    "/v1/doors/states": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How every door stands, from what controllers and readers said since the start. */
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
                        "application/json": components["schemas"]["DoorStateItem"][];
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
    "/v1/doors/{door}/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives a command to a door. It answers as soon as that is on disk (202); what becomes of it is
         *     told by `GET /v1/commands/{id}` and the live stream. Under one Idempotency-Key a command is
         *     given once. Nothing that locks is sent while the door's fire input is not quiet.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The same key again is the same command */
                    "Idempotency-Key"?: string | null;
                };
                path: {
                    /** @description Door id */
                    door: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CommandRequest"];
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CommandItem"];
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
    "/v1/edges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Edges, in service and out of it. */
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
                        "application/json": components["schemas"]["EdgeItem"][];
                    };
                };
            };
        };
        put?: never;
        /**
         * Makes a code by which one edge can be taken into service within 15 minutes. It holds a secret
         *     and is shown once. An edge that is in service is taken out of it first.
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
                    "application/json": components["schemas"]["EdgeRequest"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["InvitationItem"];
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
    "/v1/edges/restore/sign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * After a restore: answers for the tombstones of points that cannot be heard, so that rights are
         *     given out again. Whoever was revoked since the archive and is known to those points alone may
         *     pass elsewhere.
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
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Gap"];
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
    "/v1/edges/{point}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes an edge into service whose key has this fingerprint: compare it with what the edge itself
         *     shows. From here on every revocation waits for its receipt.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Edge id */
                    point: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EdgeItem"];
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
    "/v1/edges/{point}/decommission": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes an edge out of service for good. What it holds is not taken from it: whoever does this
         *     answers for the box. Its doors are closed in every revocation as decommissioned.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Edge id */
                    point: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EdgeItem"];
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
                    /**
                     * @description Text anywhere in the event, in any case; needs `from`. What is covered for the caller is not
                     *     searched, here as in `user` and `credential`; the answer says so.
                     */
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
    "/v1/events/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A search as a file, newest first: `ndjson` is one event per line, `csv` the columns that people
         *     read, `parquet` the same columns with their types. People are called by their ids, and by name
         *     too where the caller has asked for it. At the limit `export_rows_max` the last line says so; in
         *     a Parquet file its metadata does, under the key `castellan.cut`.
         */
        get: {
            parameters: {
                query: {
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
                    /**
                     * @description Text anywhere in the event, in any case; needs `from`. What is covered for the caller is not
                     *     searched, here as in `user` and `credential`; the answer says so.
                     */
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
                    /** @description `csv`, `ndjson` or `parquet`. */
                    format: string;
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
                        "text/csv": string;
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
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/histogram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many events a search finds over time; needs `from`, and goes to now without `to`. */
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
                    /**
                     * @description Text anywhere in the event, in any case; needs `from`. What is covered for the caller is not
                     *     searched, here as in `user` and `credential`; the answer says so.
                     */
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
                    /** @description Bars, at most 500; 60 if absent. */
                    buckets?: number;
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
                        "application/json": components["schemas"]["HistogramAnswer"];
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
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{record}/raw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The record behind an event, as its source said it. Needs the right `event.raw`. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Journal sequence */
                    record: number;
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
                        "application/json": components["schemas"]["RawItem"];
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
    "/v1/exceptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every exception with its end and what it kept back, those that hold first. */
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
                        "application/json": components["schemas"]["ExceptionItem"][];
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
        /** Adds an exception, at once in force. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ExceptionBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExceptionMade"];
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
                /** @description It does not hold; see `problems` */
                422: {
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
    "/v1/exceptions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends an exception that was made here. */
        delete: {
            parameters: {
                query?: {
                    /** @description In a person's words; kept in the audit log. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Exception */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Ended */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
    "/v1/findings/{id}/why": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why a finding stands: its events in order, the conditions that held, the identifiers that they
         *     were resolved by, what was unknown, and until when it may still change.
         */
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
                        "application/json": components["schemas"]["WhyAnswer"];
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
    "/v1/incidents/{id}/bundle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The evidence of an incident as a zip archive that anybody can check: `READ-ME.txt` in it says
         *     how. Needs the right `export`; what the caller may not see is left out, and `manifest.json`
         *     says so. The archive's SHA-256 and the reason are kept in the audit chain; the sum is in the
         *     header `X-SHA256` too.
         */
        get: {
            parameters: {
                query?: {
                    /** @description In a person's words; kept in the audit log. */
                    reason?: string;
                };
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
                        "application/zip": number[];
                    };
                };
                /** @description No reason was given */
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
                404: {
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
    "/v1/late": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events that came later than was waited for, source by source: kept and searchable, judged alone
         *     when they came, and by windows once somebody replays their time.
         */
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
                        "application/json": components["schemas"]["LateItem"][];
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
         * Incidents, findings, doors, refusals or events as they happen. Server-sent events named
         *     `incident`, `finding`, `door`, `thing`, `refused`, `occurrence` (`{id, site}`: read the log
         *     again), `revocation`, `command`, `edge` (each as its list has it), `event`; `tick` every two
         *     seconds with what `/v1/status` says; `skipped` tells a slow reader how many it lost.
         */
        get: {
            parameters: {
                query?: {
                    /**
                     * @description `incidents` (incidents, findings, doors, refusals and the occurrence log, the default) or
                     *     `events`.
                     */
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
    "/v1/lockdowns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Zones that are locked down. */
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
                        "application/json": components["schemas"]["LockdownItem"][];
                    };
                };
            };
        };
        put?: never;
        /**
         * Locks a zone down with all within it, at once: nobody enters but responders; whoever is inside
         *     gets out as ever. The reason may follow. It lasts until somebody ends it.
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
                    "application/json": components["schemas"]["LockdownRequest"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LockdownItem"];
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
    "/v1/lockdowns/{zone}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a lockdown. No door becomes unlocked by it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Zone id */
                    zone: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
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
    "/v1/lockdowns/{zone}/reason": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says why a zone was locked down. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Zone id */
                    zone: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Why"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LockdownItem"];
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
    "/v1/mappings/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A mapping's files, its version, and whether the caller may change it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Mapping */
                    name: string;
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
                        "application/json": components["schemas"]["MappingFiles"];
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
        /**
         * Checks a change as `castellan check` does, with the mapping's samples, writes it into the
         *     house's content folder and puts it in force. A shipped mapping becomes a copy of the house's.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Mapping */
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SaveBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SavedAnswer"];
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
                /** @description Changed meanwhile, or not editable */
                409: {
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
                /** @description It does not hold; see `problems` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Others are being tried */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description No process could be started */
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
        post?: never;
        /** Gives up the house's copy: the shipped mapping is in force again. */
        delete: {
            parameters: {
                query?: {
                    /** @description Why; kept in the audit log. */
                    reason?: string;
                    /** @description The version that was looked at; refused when another stands. Any, if absent. */
                    base_version?: string;
                };
                header?: never;
                path: {
                    /** @description Mapping */
                    name: string;
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
                        "application/json": components["schemas"]["SavedAnswer"];
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/mappings/{name}/try": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tries files of a mapping on dead letters and pasted texts, bounded in time and memory. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Mapping */
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TryBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TryAnswer"];
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
                /** @description Nothing can be tried here */
                409: {
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
                /** @description It took too long or too much, or crashed */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Others are being tried */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description No process could be started */
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
    "/v1/me/passkeys/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins to make a passkey. */
        post: {
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
                        "application/json": components["schemas"]["CeremonyAnswer"];
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
    "/v1/me/passkeys/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keeps the passkey that the browser made. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PasskeyMade"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PasskeyKept"];
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
    "/v1/me/passkeys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes one of one's own passkeys away. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Credential id */
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
                401: {
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
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets one's own password. All other sessions of the operator end. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPassword"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
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
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Proves the authenticator by its first code. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TotpProof"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
        /** Begins to set up an authenticator. */
        post: {
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
                        "application/json": components["schemas"]["TotpAnswer"];
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
    "/v1/muster": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is inside, by zone, with unknowns: whoever is not known to be out counts as possibly in.
         *     Names are shown to whoever may ask; that somebody asked is kept in the audit log.
         */
        get: {
            parameters: {
                query: {
                    /** @description A zone, with all within it. */
                    area: string;
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
                        "application/json": components["schemas"]["MusterView"];
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
    "/v1/muster.pdf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same list as PDF, to be held at an assembly point: a box for each name. */
        get: {
            parameters: {
                query: {
                    /** @description A zone, with all within it. */
                    area: string;
                    /** @description The language of its fixed texts: `en` (the default), `nl` or `zh-Hant`. */
                    lang?: string;
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
                        "application/pdf": number[];
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
    "/v1/names": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whose names this session has asked for, with a reason each, and may call by name wherever they
         *     appear. For a token: nobody; one of the scope `names` is given names where they stand.
         */
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
                        "application/json": components["schemas"]["NameItem"][];
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
    "/v1/occurrences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The occurrence log, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Happened not earlier than this (RFC 3339). */
                    from?: components["schemas"]["Timestamp"];
                    /** @description Happened earlier than this (RFC 3339). */
                    to?: components["schemas"]["Timestamp"];
                    /** @description At this site. */
                    site?: components["schemas"]["PlaceId"];
                    /** @description Belonging to this incident. */
                    incident?: components["schemas"]["IncidentId"];
                    /** @description Entries of a page, at most 500. */
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
                        "application/json": components["schemas"]["OccurrencePage"];
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
        put?: never;
        /**
         * Writes an entry. Nothing is ever changed in the log: to correct an entry, write one that names
         *     it in `corrects`. Under one Idempotency-Key an entry is written once; sent again within a day
         *     it is answered with 200 and the entry as it stands.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The writer's own name for this entry, at most 256 bytes */
                    "Idempotency-Key"?: string | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OccurrenceRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Occurrence"];
                    };
                };
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Occurrence"];
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
    "/v1/operators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists operators by login. */
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
                        "application/json": components["schemas"]["OperatorAnswer"][];
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
        /** Makes an operator, who cannot sign in before a one-time link was made for them. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OperatorRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperatorAnswer"];
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
    "/v1/operators/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Changes an operator. */
        put: {
            parameters: {
                query?: {
                    /** @description In a person's words; kept in the audit log. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Operator id */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OperatorChanges"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperatorAnswer"];
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operators/{id}/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a one-time link by which an operator signs in once and sets up how to from then on.
         *     Earlier links of theirs are void.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Operator id */
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
                        "application/json": components["schemas"]["LinkMade"];
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
    "/v1/organisation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The organisation: places, doors, things, teams, operators. A role of some sites gets these
         *     sites, the places above them, what stands in them, and whoever may work there; what has no site
         *     is the whole organisation's. `ETag`: ask again with `If-None-Match`, and get 304 while nothing
         *     has changed.
         */
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
                        "application/json": components["schemas"]["OrganisationItem"];
                    };
                };
                /** @description Unchanged */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
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
    "/v1/panic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Calls for help in silence: a critical incident, owned at once by those who guard the site. The
         *     reason is asked for afterwards: `reason_owed` until the caller comments. A second call of the
         *     same caller within ten minutes joins the same incident (200), which says that they called again
         *     and where. What cannot be read of the body is left out; a call does not fail because of it.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["PanicRequest"] | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PanicAnswer"];
                    };
                };
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PanicAnswer"];
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
    "/v1/people/{id}/photo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A person's photo, once this session may see who they are: by a reason, or refused at a door. */
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
                        "image/png": number[];
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
    "/v1/people/{id}/reveal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Shows a person's name, for a reason; for an operator it stays shown while the session lasts. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Person id */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RevealRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonItem"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The floor plans, by place. */
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
                        "application/json": components["schemas"]["PlanItem"][];
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
    "/v1/plans/{place}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a plan. */
        delete: {
            parameters: {
                query?: {
                    /** @description In a person's words; kept in the audit log. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Place id */
                    place: string;
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
    "/v1/plans/{place}/image": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A plan's image. Show it as an image only: it is sandboxed and loads nothing. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Place id */
                    place: string;
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
                        "image/svg+xml": number[];
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
        /**
         * Uploads a plan's image: SVG without scripts and references, PNG or JPEG; marks of an earlier
         *     one stay.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Place id */
                    place: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "image/svg+xml": number[];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{place}/marks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Puts marks on a plan, in the place of the earlier ones. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Place id */
                    place: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MarkItem"][];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/presence/{person}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where a person was over the last day, or over a stretch of history, newest last: by the badge
         *     world's belief, and by the things that their accounts logged on at.
         */
        get: {
            parameters: {
                query?: {
                    /** @description From when on (RFC 3339); a day before `to` if absent. */
                    from?: components["schemas"]["Timestamp"];
                    /** @description Until when; now if absent. */
                    to?: components["schemas"]["Timestamp"];
                };
                header?: never;
                path: {
                    /** @description Person id */
                    person: string;
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
                        "application/json": components["schemas"]["StayItem"][];
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
    "/v1/presence/{person}/passage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * When a person's badge was last used at a door, and why that does not say where they are, where
         *     it does not.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Person id */
                    person: string;
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
                        "application/json": components["schemas"]["PassageAnswer"];
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
        /**
         * SQL over the lake and what is not yet in it; read-only, bounded in rows, time and memory. Only
         *     functions whose result is no longer than what they are given may be used. For whoever sees
         *     people by pseudonym, what may name somebody can be listed, grouped and counted, and not compared
         *     nor put in order (403).
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
                /** @description The text of the question is too long */
                413: {
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
    "/v1/replays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The replays that are remembered, the newest first. */
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
                        "application/json": components["schemas"]["ReplayItem"][];
                    };
                };
            };
        };
        put?: never;
        /**
         * Begins a replay of a stretch of the lake in the background: of a draft, or of rules in force.
         *     It opens no incident.
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
                    "application/json": components["schemas"]["ReplayRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReplayItem"];
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
                /** @description The draft does not hold; see `problems` */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Others run */
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
    "/v1/replays/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How one replay stands, and what it came to. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Replay */
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
                        "application/json": components["schemas"]["ReplayItem"];
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
        /** Stops a replay that runs, and forgets one that has ended. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Replay */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
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
    "/v1/replays/{id}/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a replay found, one by one. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this rule. */
                    rule?: components["schemas"]["RuleId"];
                    /** @description `old`: the rules in force alone; `new`: the draft alone; `both`. */
                    side?: string;
                    /** @description About this person, place or thing. */
                    entity?: components["schemas"]["Entity"];
                    /** @description How many to leave out from the beginning. */
                    after?: number;
                    /** @description Findings of a page, at most 500. */
                    limit?: number;
                };
                header?: never;
                path: {
                    /** @description Replay */
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
                        "application/json": components["schemas"]["ReplayFindingPage"];
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
                /** @description It is not done */
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
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/replays/{id}/settle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes findings of a replay of the rules in force over, so that they are findings and incidents,
         *     and says that the late events of its stretch are done with. Doing it again changes nothing.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Replay */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SettleRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SettleAnswer"];
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description It is of a draft, or not done */
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
    "/v1/reports/shift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The report that a shift leaves to the next, as PDF: what is open and whose it is, hand-overs
         *     that wait, what was opened and resolved, who held what, the occurrence log, doors forced or
         *     held open, silent sources, records lost. People appear by their ids. The SHA-256 of the file,
         *     and of what it tells, are kept in the audit chain.
         */
        get: {
            parameters: {
                query: {
                    /** @description From when (RFC 3339). */
                    from: components["schemas"]["Timestamp"];
                    /** @description Until before when (RFC 3339). */
                    to: components["schemas"]["Timestamp"];
                    /** @description About this site; about all within reach if absent. */
                    site?: components["schemas"]["PlaceId"];
                    /**
                     * @description The zone of its times, such as `Europe/Amsterdam`; the site's or the organisation's if
                     *     absent.
                     */
                    zone?: string;
                    /** @description The language of its fixed texts: `en` (the default), `nl` or `zh-Hant`. */
                    lang?: string;
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
                        "application/pdf": number[];
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
                404: {
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
    "/v1/revocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Suspensions and revocations, newest first. A revocation is `done` only when every point that
         *     enforces rights has confirmed it, or its rights have surely run out.
         */
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
                        "application/json": components["schemas"]["RevocationItem"][];
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
        /**
         * Suspends, lifts a suspension, or revokes: everywhere, at once. Revoking ends the present
         *     generation of every credential of the subject for ever. It answers as soon as that is on disk
         *     and on its way (201); the same id again answers with the same act (200).
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
                    "application/json": components["schemas"]["RevocationRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RevocationView"];
                    };
                };
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RevocationView"];
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
    "/v1/revocations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of them, with the receipt of every point and how it is known. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Revocation id */
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
                        "application/json": components["schemas"]["RevocationView"];
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
    "/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who may do what, by the policies in force. */
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
                        "application/json": components["schemas"]["RolesAnswer"];
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
    "/v1/rules/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Checks a draft as `castellan rules check` and `rules test` do, among the rules in force. Nothing
         *     is kept.
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
                    "application/json": components["schemas"]["DraftBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DraftAnswer"];
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
    "/v1/rules/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Why a rule in force says what it says of one event: each condition with the value seen, what
         *     decided, what was unknown, and what keeps it silent.
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
                    "application/json": components["schemas"]["ExplainRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
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
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A rule with its file, its cases, and whether the caller may change or replay it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Rule */
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
                        "application/json": components["schemas"]["RuleDetail"];
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
        /**
         * Checks a rule and its cases, writes them into the house's content folder and puts them in force
         *     without a restart. A shipped rule's file becomes a copy of the house's.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Rule; its file must hold it */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RuleSaveBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RuleSaved"];
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
                /** @description Changed meanwhile, or not editable */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description It does not hold; see `problems` */
                422: {
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
        post?: never;
        /**
         * Gives up the house's file of a rule: what ships under the same path is in force again, or
         *     nothing.
         */
        delete: {
            parameters: {
                query?: {
                    /** @description Why; kept in the audit log. */
                    reason?: string;
                    /** @description The version that was looked at; refused when another stands. Any, if absent. */
                    base_version?: string;
                };
                header?: never;
                path: {
                    /** @description Rule */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                400: {
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
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Others build on it */
                422: {
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
    "/v1/rules/{id}/switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Turns a rule on or off. What it had open stays; nothing is lost. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Rule */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SwitchBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RuleDetail"];
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
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
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
                422: {
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
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in, and what they may do. */
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
                        "application/json": components["schemas"]["SessionAnswer"];
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
            };
        };
        put?: never;
        post?: never;
        /** Signs out. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
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
                401: {
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
    "/v1/signin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How one can sign in here. Needs no session. */
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
                        "application/json": components["schemas"]["SigninAnswer"];
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
    "/v1/signin/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Uses a one-time link. Unless the link is a demonstration's, the session may only set up how to
         *     sign in until that is done.
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
                    "application/json": components["schemas"]["LinkRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignedIn"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/signin/oidc/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Takes the browser back from the provider, signed in. Not for programs: an answer is always 303. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Which question. */
                    state: string | null;
                    /** @description The provider's code for us. */
                    code: string | null;
                    /** @description The provider's refusal. */
                    error: string | null;
                    /** @description Who the provider says that it is. */
                    iss: string | null;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description To the console with a session's cookie, or to the sign-in page with `?problem=` and a code */
                303: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
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
    "/v1/signin/oidc/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sends the browser to the provider. Not for programs: an answer is always 303. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Provider id */
                    provider: string;
                    /** @description A path of the console; anything else leads to its first page. */
                    next: string | null;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description To the provider, or back to the sign-in page with `?problem=` and a code */
                303: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
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
    "/v1/signin/passkey/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins to sign in by a passkey. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PasskeyQuestion"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CeremonyAnswer"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/signin/passkey/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in by the browser's answer. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PasskeyAnswer"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignedIn"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/signin/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in by password and code. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PasswordRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignedIn"];
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
    "/v1/things/states": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the links of cameras, sensors and other things stand, from what was said of them since the
         *     start; a thing that nothing was said of is not listed.
         */
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
                        "application/json": components["schemas"]["ThingStateItem"][];
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
    "/v1/threat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The threat level. */
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
                        "application/json": components["schemas"]["ThreatItem"];
                    };
                };
            };
        };
        /** Raises or lowers the threat level, of every site. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ThreatRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ThreatItem"];
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
                query?: {
                    /** @description In a person's words; kept in the audit log. */
                    reason?: string;
                };
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
    "/v1/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's own views, and those that others share. */
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
                        "application/json": components["schemas"]["ViewItem"][];
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
    "/v1/views/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Keeps a view under a name, in the place of one's earlier one. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Its name */
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ViewRequest"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
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
        post?: never;
        /** Forgets one of one's own views. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Its name */
                    name: string;
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
    "/v1/whereabouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Who could have been at these places at these moments: every person of the organisation as
         *     consistent, excluded (with the evidence) or unknown. People appear by their ids; the question
         *     and its reason are kept in the audit log.
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
                    "application/json": components["schemas"]["WhereaboutsRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WhereaboutsAnswer"];
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
                404: {
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
            };
        };
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
        /** @description A door and what it asks for. */
        AccessDoorItem: {
            /** @description `card`, `card_and_pin` or `card_and_body`. */
            asks: string;
            /** @description Outside these hours it asks for the PIN as well. */
            card_alone?: string | null;
            /** @description Its id. */
            door: components["schemas"]["DoorId"];
            /** @description Doors that one fire input releases. */
            fire_group?: string | null;
            from_zone?: components["schemas"]["ZoneId"] | null;
            /**
             * Format: int64
             * @description For how long for people who need more time.
             */
            hold_accessible_s: number;
            /**
             * Format: int64
             * @description For how long its strike is released.
             */
            hold_s: number;
            /** @description Its interlock. */
            interlock?: string | null;
            /** @description The lift whose floor it is. */
            lift?: string | null;
            /** @description Display name. */
            name?: string | null;
            /** @description The point that enforces it; none: it is only watched. */
            point?: string | null;
            site?: components["schemas"]["PlaceId"] | null;
            technicians?: components["schemas"]["GroupId"] | null;
            /** @description The zone that it leads into. */
            zone: components["schemas"]["ZoneId"];
        };
        /** @description What the caller may do with rights. */
        AccessMay: {
            /** @description Change them. */
            edit: components["schemas"]["Allowed"];
        };
        /** @description Rights in numbers. */
        AccessSummary: {
            changed_at?: components["schemas"]["Timestamp"] | null;
            /** @description How many credentials. */
            credentials: number;
            /** @description How many doors there are. */
            doors: number;
            /** @description How many groups. */
            groups: number;
            /** @description What the caller may do. */
            may: components["schemas"]["AccessMay"];
            /** @description How many memberships. */
            members: number;
            /** @description How many points enforce doors. */
            points: number;
            /** @description How many policy files. */
            policies: number;
            /** @description How many rights. */
            rights: number;
            /** @description How many schedules. */
            schedules: number;
            /** @description The version of the snapshot that decides. */
            snapshot: components["schemas"]["SnapshotVersion"];
            /** @description What policies and rights name and nobody answers to. */
            unknown_names: string[];
            /**
             * Format: int64
             * @description The newest version of rights in state; none: there were never any.
             */
            version?: number | null;
            /** @description How many zones have rules of their own. */
            zones: number;
        };
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
        /** @description One act. */
        ActItem: {
            at?: components["schemas"]["Timestamp"] | null;
            /** @description Who. */
            by?: string | null;
            /** @description More, without a person's words. */
            detail: Record<string, never>;
            /** @description Its words have been erased; the chain still holds. */
            is_erased: boolean;
            /** @description To what. */
            object?: string | null;
            /**
             * Format: int64
             * @description Its number, from 1.
             */
            seq: number;
            /** @description What. */
            verb?: string | null;
        };
        /** @description Something done to an incident. */
        ActRequest: Record<string, never> & {
            /**
             * Format: int64
             * @description The version that was looked at; refused when another stands. Any, if absent.
             */
            version?: number | null;
        };
        /** @description An action. */
        ActionItem: {
            /** @description Its word. */
            action: string;
            /** @description What it allows. */
            meaning: string;
        };
        /** @description What came to one owner. */
        AlarmOwner: {
            /**
             * Format: int64
             * @description Incidents that are theirs.
             */
            alarms: number;
            /** @description `team:guard` or `person:ID`. */
            owner: string;
            /**
             * Format: int64
             * @description Most of them in ten minutes.
             */
            peak: number;
        };
        /** @description How often people are alarmed. */
        AlarmRatesAnswer: {
            /**
             * @description Incidents opened in each of the last twelve spans of ten minutes, oldest first; the last one
             *     ends at `now`, and is what the window `ten_minutes` counts.
             */
            bars: number[];
            /** @description Whether there were more than are counted. */
            is_cut: boolean;
            /** @description The instant. */
            now: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Operators heard in the last quarter of an hour; where there is none, one is counted.
             */
            operators: number;
            /** @description Ten minutes, a shift, a week; or the one that was asked for. */
            windows: components["schemas"]["AlarmWindowItem"][];
        };
        /** @description What one rule rang. */
        AlarmRule: {
            /**
             * Format: int64
             * @description Incidents that it opened.
             */
            alarms: number;
            /**
             * Format: int64
             * @description Its findings, those that folded included; everywhere, so only for who sees everything.
             */
            findings?: number | null;
            /**
             * Format: int64
             * @description Most alarms in ten minutes.
             */
            peak: number;
            /**
             * Format: double
             * @description Alarms in ten minutes, on average.
             */
            per_span: number;
            rule?: components["schemas"]["RuleId"] | null;
            /** @description Its title, where it is in force. */
            title?: string | null;
        };
        /** @description Alarms of one window up to now. */
        AlarmWindowItem: {
            /**
             * Format: int64
             * @description Incidents opened.
             */
            alarms: number;
            /** @description Its first instant; the server's own beginning where that is later. */
            from: components["schemas"]["Timestamp"];
            /** @description `calm` (one in ten minutes for each operator at most), `busy` (two), `over` or `flood`. */
            load: string;
            /** @description `ten_minutes`, `shift` (eight hours) or `week`. */
            name: string;
            /** @description Whose they are. */
            owners: components["schemas"]["AlarmOwner"][];
            /**
             * Format: int64
             * @description Most in ten minutes.
             */
            peak: number;
            /**
             * Format: double
             * @description In ten minutes, on average, for each operator on duty.
             */
            per_operator: number;
            /** @description The noisiest rules. */
            rules: components["schemas"]["AlarmRule"][];
            /**
             * Format: int64
             * @description Spans of ten minutes.
             */
            spans: number;
            /**
             * Format: int64
             * @description Spans of ten minutes with more alarms than operators.
             */
            spans_over: number;
        };
        /** @description A right to do something, or why not. */
        Allowed: {
            /** @description Whether the caller may. */
            allowed: boolean;
            /** @description Why not. */
            refusal?: string | null;
        };
        /** @description Who could open a door at an instant and why; and who did. */
        AnswersItem: {
            /** @description At which instant. */
            at: components["schemas"]["Timestamp"];
            /** @description Who could, by person. */
            could: components["schemas"]["CouldItem"][];
            /**
             * Format: int64
             * @description How many more could and are not listed.
             */
            could_more: number;
            /** @description Who asked within the window, newest first. */
            did: components["schemas"]["DidItem"][];
            /** @description Whether older ones are left out. */
            did_more: boolean;
            /** @description Which door. */
            door: components["schemas"]["DoorId"];
            /**
             * Format: int64
             * @description The version of rights of then.
             */
            version?: number | null;
            /**
             * Format: int64
             * @description The window before and after, in seconds.
             */
            window_s: number;
        };
        /** @description Somebody has compared the fingerprint. */
        Approval: {
            /** @description As the edge shows it. */
            fingerprint: string;
            /** @description Why; kept in the audit log. */
            reason: string;
        };
        /** @description Which kind of finding asks for a step. */
        AskedBy: {
            /** @description Its rule. */
            rule: components["schemas"]["RuleId"];
            /** @description What it says it has found. */
            title: string;
        };
        AssetId: string;
        /** @description One thing. */
        AssetItem: {
            /** Format: int32 */
            criticality?: number | null;
            id: components["schemas"]["AssetId"];
            kind: string;
            make?: string | null;
            model?: string | null;
            name?: string | null;
            owner?: components["schemas"]["PersonId"] | null;
            place?: components["schemas"]["PlaceId"] | null;
            team?: string | null;
        };
        /** @description A page of acts, newest first. */
        AuditPage: {
            /** @description The acts. */
            acts: components["schemas"]["ActItem"][];
            /**
             * Format: int64
             * @description Give this as `before` to go on.
             */
            next?: number | null;
        };
        /** @description Whether the chain holds. */
        AuditVerdict: {
            /**
             * Format: int64
             * @description The first act where it does not hold.
             */
            broken_at?: number | null;
            /** @description What was expected and found there. */
            detail?: string | null;
            /**
             * Format: int64
             * @description How many acts it has.
             */
            entries: number;
            /** @description Its head: note it elsewhere, and a cut-off end shows. */
            head: string;
            /** @description It does. */
            is_whole: boolean;
        };
        /** @description One bar. */
        Bucket: {
            /** @description Its beginning. */
            at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description How many events.
             */
            count: number;
        };
        /** @description A person's silent call for help. */
        Call: {
            /** @description When they pressed again, oldest first. */
            again?: components["schemas"]["Timestamp"][];
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Who called. Nothing of it sounds or shows where they are. */
            by: string;
            person?: components["schemas"]["PersonId"] | null;
            /** @description Their telephone numbers. */
            phones?: string[];
        };
        /** @description One case. */
        CaseItem: {
            /** @description What went otherwise; absent when it holds. */
            failure?: string | null;
            /** @description Its name. */
            name: string;
            /** @description Which rule. */
            rule: string;
        };
        /** @description What the browser is asked for. */
        CeremonyAnswer: {
            /** @description To be sent back with the browser's answer. */
            ceremony: string;
            /**
             * @description For `navigator.credentials`, as `parseRequestOptionsFromJSON` and
             *     `parseCreationOptionsFromJSON` read it.
             */
            publicKey: Record<string, never>;
        };
        /** @description A change that is in force. */
        ChangeMade: {
            /** @description What it changed. */
            changes: components["schemas"]["ChangedItem"][];
            /** @description The version of the snapshot that decides by it. */
            snapshot: components["schemas"]["SnapshotVersion"];
            /**
             * Format: int64
             * @description Its version.
             */
            version: number;
        };
        /** @description What one change did to one thing. */
        ChangedItem: {
            /** @description Which. */
            key: string;
            /** @description `right`, `schedule`, `policy` and so on. */
            kind: string;
            /** @description `added`, `changed` or `removed`. */
            was: string;
        };
        /** @description How one check went. */
        CheckItem: {
            because?: components["schemas"]["DoorReason"] | null;
            /** @description Its name. */
            check: string;
            /** @description `passed`, `noted`, `asks`, `stopped` or `not_reached`. */
            verdict: string;
        };
        /** @description A command, and what has become of it. */
        CommandItem: {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description By whose right. */
            by: string;
            done_at?: components["schemas"]["Timestamp"] | null;
            /** @description To which door. */
            door: components["schemas"]["DoorId"];
            /** @description Not done at or after this. */
            expires_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description For how long, where that was said.
             */
            hold_s?: number | null;
            /** @description Id. */
            id: string;
            /**
             * @description `release`, `unlock`, `relock`, `lock`, `lock_down`, `end_lockdown`, `fire_reset`,
             *     `maintenance`, `walk_test` or `end_work`.
             */
            order: string;
            /** @description Who runs that door. */
            point: components["schemas"]["PointId"];
            /** @description Why. */
            reason?: string | null;
            /** @description `asked`, `sent`, `confirmed`, `unconfirmed`, `expired`, `refused` or `failed`. */
            state: string;
            until?: components["schemas"]["Timestamp"] | null;
            /** @description Why it ended so. */
            why?: string | null;
        };
        /** @description What is to be done. */
        CommandRequest: {
            /**
             * Format: int64
             * @description For how long the strike is released; as the door says if left out.
             */
            hold_s?: number | null;
            /**
             * @description `release`, `unlock`, `relock`, `lock`, `fire_reset`, `maintenance`, `walk_test`,
             *     `end_work` or `rotate_keys`.
             */
            order: string;
            /** @description Why; kept in the audit log. */
            reason: string;
            until?: components["schemas"]["Timestamp"] | null;
        };
        /** @description A door. */
        ControlItem: {
            /** @description `card`, `card_and_pin` or `card_and_body`. */
            asks: string;
            /** @description Whether it is unlocked by the hours of its schedule. */
            by_schedule: boolean;
            /** @description Id. */
            door: components["schemas"]["DoorId"];
            from_zone?: components["schemas"]["ZoneId"] | null;
            /** @description `live`, `silent` (as it was last told) or `never`. */
            heard: string;
            /** @description Whether its strike is released. */
            is_released: boolean;
            /** @description `current`, `expired` or `unknown`. */
            lease: string;
            /**
             * Format: int64
             * @description How old its rights may be, in seconds.
             */
            lease_s: number;
            /** @description Whether its zone is locked down. */
            lockdown: boolean;
            /** @description Whether it is locked by itself, for everybody but responders. */
            locked: boolean;
            /** @description What may be done with it. */
            may: components["schemas"]["MayDo"];
            /** @description Commands whose end is not known. */
            open_commands: number;
            point?: components["schemas"]["PointId"] | null;
            rights_at?: components["schemas"]["Timestamp"] | null;
            /** @description Whether its reader answers in a secure channel. */
            secure?: boolean | null;
            silent_since?: components["schemas"]["Timestamp"] | null;
            since?: components["schemas"]["Timestamp"] | null;
            site?: components["schemas"]["PlaceId"] | null;
            /** @description `closed`, `unlocked`, `open`, `tamper`, `trouble`, `held`, `forced` or `fire`. */
            stands?: string | null;
            /** @description `maintenance` or `walk_test`, while there is work on it. */
            work?: string | null;
            work_until?: components["schemas"]["Timestamp"] | null;
            /** @description The zone that it leads into. */
            zone: components["schemas"]["ZoneId"];
        };
        /** @description A controller that is run. */
        ControllerItem: {
            /** @description Where it is asked. */
            address: string;
            /** @description Cards that are still to be written or read back. */
            cards_due: number;
            /** @description Cards that it was read to hold; none: its list was not read yet. */
            cards_held?: number | null;
            /** @description Cards that it holds and nobody here knows. */
            cards_unknown: number;
            /** @description Of these, those that were written and read back otherwise. */
            cards_unlike: number;
            /** @description Cards that it is to hold. */
            cards_wanted: number;
            /**
             * Format: int64
             * @description By how much its clock was ahead when last seen, in seconds; none: it showed no time.
             */
            clock_ahead_s?: number | null;
            /**
             * Format: int64
             * @description How often its clock was set since the server started.
             */
            clock_sets: number;
            /**
             * Format: int64
             * @description How often that failed.
             */
            clock_sets_failed: number;
            /** @description Its doors 1 to 4; none: not used. */
            doors: (components["schemas"]["DoorId"] | null)[];
            equal_at?: components["schemas"]["Timestamp"] | null;
            /** @description Its list is longer than is read. */
            is_cut: boolean;
            /** @description Cards that it cannot be given, by the first of the reasons. */
            left_out: {
                [key: string]: number;
            };
            /** @description Which they are, at most 1000. */
            left_out_cards: components["schemas"]["LeftOutItem"][];
            /** @description The point that it is in the book of revocations. */
            point: components["schemas"]["PointId"];
            /**
             * Format: int32
             * @description Its serial number.
             */
            serial: number;
            /** @description Since when. */
            since: components["schemas"]["Timestamp"];
            /** @description `online`, `silent` or `unknown`. */
            state: string;
            swept_at?: components["schemas"]["Timestamp"] | null;
        };
        /** @description Somebody who could pass. */
        CouldItem: {
            /** @description Why: permitted, or after showing more. */
            because: components["schemas"]["DoorReason"];
            /** @description Their name, where the caller has given a reason for seeing it. */
            name?: string | null;
            /** @description Who. */
            person: components["schemas"]["PersonId"];
            /** @description By what. */
            via: components["schemas"]["ViaItem"][];
        };
        /** @description People by verdict. */
        Counts: {
            /** @description Could have been at every place. */
            consistent: number;
            /** @description Known to have been elsewhere at some moment. */
            excluded: number;
            /** @description Neither consistent nor excluded. */
            unknown: number;
        };
        CredentialId: string;
        /** @description Something that opens; never its number. */
        CredentialItem: {
            /** @description Its id. */
            credential: components["schemas"]["CredentialId"];
            /** @description Its card format. */
            format?: string | null;
            /**
             * Format: int32
             * @description Counts up each time the number is given out.
             */
            generation: number;
            /** @description `card`, `pin`, `mobile` or `break_glass`. */
            kind: string;
            /** @description Their name, where the caller has given a reason for seeing it. */
            name?: string | null;
            person?: components["schemas"]["PersonId"] | null;
            /** @description Whether this generation is revoked, for ever. */
            revoked: boolean;
            /** @description `active`, `suspended` or `ended`. */
            standing: string;
            valid_from?: components["schemas"]["Timestamp"] | null;
            valid_to?: components["schemas"]["Timestamp"] | null;
        };
        /** @description Credentials of a page. */
        CredentialPage: {
            /** @description By id. */
            items: components["schemas"]["CredentialItem"][];
            /** @description Give this as `after` to go on. */
            next?: string | null;
        };
        /** @description One day. */
        DayCount: {
            /** @description Such as `2026-11-22`, in the organisation's zone. */
            day: string;
            /**
             * Format: int64
             * @description Findings.
             */
            findings: number;
        };
        /** @description A record that gave no event. */
        DeadLetterItem: {
            /** @description The reason's code. */
            code: string;
            /** @description The record's first bytes; needs the right `event.raw`. */
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
        /** @description One answer. */
        DecisionItem: {
            /**
             * @description `steps` that are left; `code` and `reason` where the token is told why; `error` where the
             *     question could not be asked.
             */
            context?: Record<string, never> | null;
            /** @description Whether they may pass now, with nothing left to show. */
            decision: boolean;
        };
        /** @description Many answers, in the order of the questions. */
        DecisionsItem: (components["schemas"]["DecisionItem"] | null) & {
            /** @description Where many were. */
            evaluations?: components["schemas"]["DecisionItem"][] | null;
        };
        /** @description What somebody wants to do. */
        Deed: {
            /** @description `enter` or `exit`. */
            name: string;
            /** @description Not looked at. */
            properties?: Record<string, never> | null;
        };
        /** @description Somebody who asked. */
        DidItem: {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Whether it led out. */
            is_way_out: boolean;
            /** @description Their name, where the caller has given a reason for seeing it. */
            name?: string | null;
            /** @description `granted`, `refused`, `passed` or `not_used`. */
            outcome: string;
            /**
             * Format: int32
             * @description The event's part of it.
             */
            part: number;
            person?: components["schemas"]["PersonId"] | null;
            /**
             * Format: int64
             * @description The event's record.
             */
            record: number;
        };
        /**
         * @description What it turned out to be (OCSF-like words).
         * @enum {string}
         */
        Disposition: "true_positive" | "benign_positive" | "false_positive" | "test" | "duplicate" | "undetermined" | "withdrawn";
        DoorId: string;
        /** @description One door. */
        DoorItem: {
            camera?: components["schemas"]["AssetId"] | null;
            controller?: components["schemas"]["AssetId"] | null;
            door: components["schemas"]["PlaceId"];
            from_zone: components["schemas"]["PlaceId"];
            reader_in?: components["schemas"]["AssetId"] | null;
            reader_out?: components["schemas"]["AssetId"] | null;
            to_zone: components["schemas"]["PlaceId"];
        };
        /** @description Why, as a stable code and in words. */
        DoorReason: {
            /** @description Such as `no_policy`. */
            code: string;
            /** @description In words. */
            text: string;
        };
        /** @description How one door stands. */
        DoorStateItem: {
            /** @description Which. */
            door: components["schemas"]["PlaceId"];
            /**
             * @description Whether it grants and never says whether somebody went through, though it is to be
             *     reported: rules that rest on presence stay silent about it.
             */
            is_mute: boolean;
            last?: components["schemas"]["PassageItem"] | null;
            /** @description How it is known that somebody who was granted went through: `reported`, or `assumed`. */
            passage: string;
            since?: components["schemas"]["Timestamp"] | null;
            site?: components["schemas"]["PlaceId"] | null;
            /** @description `normal`, `forced`, `held`, `tamper`, or `unknown` until something is heard of it. */
            state: string;
        };
        /** @description What a check found. */
        DraftAnswer: {
            /** @description The cases of the draft, run. */
            cases: components["schemas"]["CaseItem"][];
            /** @description What is wrong, with file and line; warnings too. */
            problems: components["schemas"]["FileProblem"][];
            /** @description The rules that loaded. */
            rules: components["schemas"]["DraftRule"][];
        };
        /** @description A draft. */
        DraftBody: {
            /** @description Files by path, such as `rules/house/NAME.yml` and `rules/house/NAME.cases.yml`. */
            files: {
                [key: string]: string;
            };
        };
        /** @description A policy file of a draft. */
        DraftPolicy: {
            /** @description Its name. */
            file: string;
            /** @description Its text; none: it goes. */
            text?: string | null;
        };
        /** @description A right of a draft. */
        DraftRight: {
            holder?: components["schemas"]["Named"] | null;
            opens?: components["schemas"]["Named"] | null;
            /** @description It goes. */
            remove?: boolean;
            /** @description Its id. */
            right: string;
            /** @description In which hours. */
            schedule?: string | null;
        };
        /** @description One rule of a draft. */
        DraftRule: {
            /** @description Its id. */
            id: components["schemas"]["RuleId"];
            /** @description Whether it speaks for itself. */
            is_reported: boolean;
            /** @description Its level. */
            level: components["schemas"]["Level"];
            /** @description Its file. */
            path: string;
            /** @description Its title. */
            title: string;
        };
        /** @description Hours of a draft. */
        DraftSchedule: {
            /** @description Its holidays. */
            holidays?: components["schemas"]["HolidayItem"][];
            /** @description Its id. */
            schedule: string;
            /** @description IANA zone. */
            time_zone?: string | null;
            /** @description When it is open. */
            windows: components["schemas"]["WindowItem"][];
        };
        /** @description An edge. */
        EdgeItem: {
            /**
             * Format: int64
             * @description By how much its clock is ahead of ours.
             */
            clock_offset_ms?: number | null;
            /** @description Whether it trusts its clock. */
            clock_trusted?: boolean | null;
            /** @description Doors that it runs. */
            doors: number;
            /** @description Of its public key, in groups of four digits. */
            fingerprint?: string | null;
            last_heard?: components["schemas"]["Timestamp"] | null;
            /** @description The version that is given out. */
            newest: components["schemas"]["SnapshotVersion"];
            /** @description Why it did not take what it was last given. */
            not_taken?: string | null;
            /** @description Id. */
            point: components["schemas"]["PointId"];
            /**
             * Format: int64
             * @description Records that it had to forget, of all time.
             */
            records_lost: number;
            /**
             * Format: int64
             * @description Records that it still has for us.
             */
            records_waiting?: number | null;
            rights_at?: components["schemas"]["Timestamp"] | null;
            site?: components["schemas"]["PlaceId"] | null;
            snapshot?: components["schemas"]["SnapshotVersion"] | null;
            /** @description Version of its software. */
            software?: string | null;
            /**
             * @description `invited`, `waiting` (compare its fingerprint and approve it), `connected`, `away` or
             *     `decommissioned`.
             */
            state: string;
        };
        /** @description Whom to invite. */
        EdgeRequest: {
            /** @description Who it will be. */
            point: components["schemas"]["PointId"];
            site?: components["schemas"]["PlaceId"] | null;
        };
        Entity: string;
        /** @description One question, or what is the same in many. */
        EvaluationBody: {
            action?: components["schemas"]["Deed"] | null;
            /** @description `body` (a reader's verdict: `match`, `no_match`) and `companion` (a subject). */
            context?: Record<string, never> | null;
            resource?: components["schemas"]["Thing"] | null;
            subject?: components["schemas"]["Thing"] | null;
        };
        /** @description How many questions are to be answered. */
        EvaluationOptions: {
            /** @description `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`. */
            evaluations_semantic?: string | null;
        };
        /** @description Many questions. */
        EvaluationsBody: components["schemas"]["EvaluationBody"] & {
            /** @description Each of them; without any it is one question. */
            evaluations?: components["schemas"]["EvaluationBody"][] | null;
            options?: components["schemas"]["EvaluationOptions"] | null;
        };
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
        /** @description An event by its record and part. */
        EventName: {
            /**
             * Format: int32
             * @description Which of the record's events it is.
             */
            part?: number;
            /**
             * Format: int64
             * @description Journal sequence of its record.
             */
            record: number;
        };
        /** @description One page, newest first. */
        EventPage: {
            /** @description The events. */
            events: components["schemas"]["EventItem"][];
            /**
             * @description What is covered for the caller (names, accounts, addresses and badge numbers of people they
             *     have not asked for) was not searched: reveal the person first, or search by `person`.
             */
            names_unsearched?: boolean;
            /** @description Give this as `before` to go on; absent when there is no more. */
            next?: string | null;
        };
        /** @description One event of a finding. */
        EventWhyItem: {
            /**
             * Format: int32
             * @description OCSF class.
             */
            class_uid: number;
            /** @description Which conditions held, as the rule stands today. */
            explanation?: Record<string, never> | null;
            /** @description By which identifiers it was resolved. */
            identifiers: components["schemas"]["LookUpItem"][];
            /**
             * Format: int32
             * @description Which of the record's events; absent where history has it no more.
             */
            part?: number | null;
            person?: components["schemas"]["PersonId"] | null;
            /** @description Where that person was believed to be: `in`, `out` or `unknown`. */
            presence?: string | null;
            /**
             * Format: int64
             * @description Journal sequence of its record.
             */
            record: number;
            /** @description Whose record. */
            source: components["schemas"]["SourceId"];
            /** @description When. */
            time: components["schemas"]["Timestamp"];
            /** @description Why that is unknown. */
            why_unknown?: string | null;
            zone?: components["schemas"]["PlaceId"] | null;
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
        /** @description A new exception. */
        ExceptionBody: {
            /** @description The team whose word it is. */
            owner: components["schemas"]["TeamId"];
            /** @description Why. */
            reason: string;
            /** @description The rules that it silences. */
            rules: components["schemas"]["RuleId"][];
            /** @description Where; everywhere if empty. */
            sites?: components["schemas"]["PlaceId"][];
            /** @description The last day (UTC) or an instant. */
            until: string;
            /** @description Of which events: fields, with Sigma's modifiers, and the value or values that they have. */
            when?: {
                [key: string]: unknown;
            };
        };
        /** @description An exception. */
        ExceptionItem: {
            /** @description Its id. */
            id: string;
            /** @description Whether it can be ended here. */
            is_ours: boolean;
            /** @description Whether its time is over. */
            is_over: boolean;
            /**
             * Format: int64
             * @description Matches that it kept back since the detector began.
             */
            kept: number;
            /** @description Whose word it is. */
            owner: components["schemas"]["TeamId"];
            /** @description Its file. */
            path: string;
            /** @description Why. */
            reason: string;
            /** @description The rules that it silences. */
            rules: string[];
            /** @description Where; everywhere if empty. */
            sites: components["schemas"]["PlaceId"][];
            /** @description The first instant of event time at which it holds no more. */
            until: components["schemas"]["Timestamp"];
            /** @description Of which events, where the console wrote it. */
            when?: {
                [key: string]: unknown;
            } | null;
        };
        /** @description What was made. */
        ExceptionMade: {
            /** @description Its id. */
            id: string;
        };
        /** @description A question: somebody at a door, now, then, or made up. */
        ExplainBody: {
            at?: components["schemas"]["Timestamp"] | null;
            /** @description `not_given`, `match` or `no_match`. */
            body?: string | null;
            companion?: components["schemas"]["PersonId"] | null;
            credential?: components["schemas"]["CredentialId"] | null;
            /** @description `entry` or `exit`. */
            direction?: string | null;
            door?: components["schemas"]["DoorId"] | null;
            /**
             * Format: int32
             * @description The part of the record.
             */
            part?: number;
            person?: components["schemas"]["PersonId"] | null;
            /** @description `not_given`, `right`, `wrong` or `duress`. */
            pin?: string | null;
            /**
             * Format: int64
             * @description Or an event of the past: its record.
             */
            record?: number | null;
        };
        /** @description Which rule, and which event. */
        ExplainRequest: {
            /**
             * Format: int32
             * @description Which of the record's events it is.
             */
            part?: number;
            /**
             * Format: int64
             * @description Journal sequence of the event's record.
             */
            record: number;
            /** @description A rule's id. */
            rule: components["schemas"]["RuleId"];
        };
        /** @description A decision and everything that led to it. */
        Explained: {
            /** @description For which instant. */
            at: components["schemas"]["Timestamp"];
            /** @description Why. */
            because: components["schemas"]["DoorReason"];
            /** @description Every check, in order. */
            checks: components["schemas"]["CheckItem"][];
            credential?: components["schemas"]["CredentialId"] | null;
            /** @description At which door. */
            door: components["schemas"]["DoorId"];
            /** @description What else is to be recorded. */
            noted: components["schemas"]["DoorReason"][];
            /** @description What happens. */
            outcome: components["schemas"]["OutcomeItem"];
            person?: components["schemas"]["PersonId"] | null;
            /** @description Every policy whose scope fits. */
            policies: components["schemas"]["PolicyItem"][];
            /** @description The version of the snapshot. */
            snapshot: components["schemas"]["SnapshotVersion"];
            /**
             * Format: int64
             * @description The version of rights in state.
             */
            version?: number | null;
        };
        /** @description One thing that is wrong with one file. */
        FileProblem: {
            /** @description A stable name, such as `unknown_key`. */
            code: string;
            /**
             * Format: int64
             * @description Its column in characters, from 1.
             */
            column?: number | null;
            /** @description Which file. */
            file: string;
            /** @description `error` keeps the file out of force, `warning` does not. */
            gravity: string;
            /**
             * Format: int64
             * @description Its line, from 1.
             */
            line?: number | null;
            /** @description One sentence. */
            message: string;
        };
        /** @description What is wrong with files. Apart, so that a problem stays small to hand on. */
        FileProblems: components["schemas"]["FileProblem"][];
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
        /** @description Whose tombstones somebody answered for. */
        Gap: {
            /** @description Points that had not been heard. */
            points: components["schemas"]["PointId"][];
        };
        GroupId: string;
        /** @description People who share rights. */
        GroupItem: {
            /**
             * Format: int64
             * @description How far its people are trusted.
             */
            clearance?: number | null;
            /** @description Its id. */
            group: components["schemas"]["GroupId"];
            /** @description How many are in it now. */
            members: number;
            /** @description Display name. */
            name?: string | null;
            /** @description `responder`, `needs_escort`, `may_escort`, `more_time`. */
            traits: string[];
            /** @description The groups that it is in. */
            within: components["schemas"]["GroupId"][];
        };
        /** @description Groups of a page. */
        GroupPage: {
            /** @description By id. */
            items: components["schemas"]["GroupItem"][];
            /** @description Give this as `after` to go on. */
            next?: string | null;
        };
        /** @description How an incident is being handled beside its state and owner. */
        Handling: {
            /** @default null */
            call: components["schemas"]["Call"] | null;
            /**
             * @description When it was escalated because nobody had acknowledged it, oldest first.
             * @default []
             */
            escalated: components["schemas"]["Timestamp"][];
            /**
             * @description Whoever works incidents at any site sees it: nobody of its own site could, or nobody
             *     answered in time.
             * @default false
             */
            everywhere: boolean;
            /**
             * @description The incidents whose findings joined this one by a person's hand.
             * @default []
             */
            merged: components["schemas"]["IncidentId"][];
            /** @default null */
            merged_into: components["schemas"]["IncidentId"] | null;
            /**
             * @description Milestones, in the order in which they were reached.
             * @default []
             */
            milestones: components["schemas"]["Reached"][];
            /** @default null */
            offer: components["schemas"]["Offer"] | null;
            /** @default null */
            snooze: components["schemas"]["Snooze"] | null;
            /** @default null */
            waiting_since: components["schemas"]["Timestamp"] | null;
        };
        /** @description How many events when. */
        HistogramAnswer: {
            /** @description Every bar, empty ones too. */
            buckets: components["schemas"]["Bucket"][];
            /** @description Beginning of the first bar. */
            from: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Length of a bar.
             */
            step_ms: number;
            /** @description End of the last bar. */
            to: components["schemas"]["Timestamp"];
        };
        /** @description A holiday. */
        HolidayItem: {
            /** @description Such as `2026-12-25`. */
            date: string;
            /**
             * Format: int32
             * @description 1 to 8.
             */
            kind: number;
        };
        /** @description One identifier. */
        IdentifierItem: {
            /** @description `badge`, `account` … */
            kind: string;
            /**
             * @description A badge or account that was never ended although its person has left: it should have been,
             *     when they did.
             */
            overdue?: boolean;
            /** @description Which system's namespace. */
            realm?: string | null;
            valid_from?: components["schemas"]["Timestamp"] | null;
            valid_to?: components["schemas"]["Timestamp"] | null;
            /**
             * @description The value. Badge and card numbers are secrets at a door: three characters of them show.
             *     Accounts and addresses are names: `…` until a reason was given.
             */
            value: string;
        };
        /** @description Lists to take in. */
        ImportBody: {
            /**
             * Format: int64
             * @description So many things may end, though it is a large share of what the source has brought.
             */
            allow_removals?: number | null;
            /** @description Whether it is done; else only tried. */
            apply?: boolean;
            /**
             * @description The lists are whole: what the same source has brought before and they no longer say is
             *     ended; what the map says where nothing is said. What people, the folder or another source
             *     have made stays.
             */
            complete?: boolean | null;
            /** @description The lists. */
            files: components["schemas"]["ImportFile"][];
            /** @description `lenel`, `ccure`, `brivo`, or one of the content folder's. */
            map: string;
            /** @description A map of one's own, as TOML, in place of `map`. */
            map_text?: string | null;
            /** @description Why; needed where it is done. */
            reason?: string | null;
            /**
             * @description Whose lists they are; the map's name where none is said. What one source has brought, only
             *     its own lists end.
             */
            source?: string | null;
        };
        /** @description What an import does to one thing. */
        ImportChange: components["schemas"]["ChangedItem"] & {
            /** @description The file that says so; none: it ends because no list says it any more. */
            file?: string | null;
            /**
             * Format: int64
             * @description The line of that file.
             */
            line?: number | null;
        };
        /** @description How many of one kind end because a whole list no longer says them. */
        ImportEnds: {
            /**
             * Format: int64
             * @description How many end.
             */
            ends: number;
            /** @description `credential`, `member`, `right` or `group`. */
            kind: string;
            /**
             * Format: int64
             * @description Of how many that the source had brought.
             */
            of: number;
        };
        /** @description One list. */
        ImportFile: {
            /** @description Its name, for problems. */
            name: string;
            /** @description As CSV. */
            text: string;
        };
        /** @description What an import changes, or would. */
        ImportItem: {
            /** @description How many things are new. */
            added: number;
            /** @description How many are changed. */
            changed: number;
            /** @description What ends because a whole list no longer says it. Credentials are ended, not removed. */
            ends: components["schemas"]["ImportEnds"][];
            /**
             * Format: int64
             * @description So many would end that nothing is done unless so many are allowed.
             */
            held_back?: number | null;
            /**
             * Format: int64
             * @description Rows with an error, left out.
             */
            left_out: number;
            /** @description What is new, changed or gone, so many at most. */
            list: components["schemas"]["ImportChange"][];
            /** @description What is wrong, row by row, so many at most. */
            problems: components["schemas"]["FileProblem"][];
            /** @description How many are gone. */
            removed: number;
            /**
             * Format: int64
             * @description Rows that were read.
             */
            rows: number;
            /** @description Whose lists they are. */
            source: string;
            /**
             * Format: int64
             * @description Credentials that are as the list says already.
             */
            unchanged: number;
            /**
             * Format: int64
             * @description The version that it is, to be undone by; none where it was only tried.
             */
            version?: number | null;
        };
        /** @description A map of columns. */
        ImportMapItem: {
            /** @description Its name. */
            map: string;
            /** @description Which. */
            product: string;
            /** @description Whose product it reads. */
            vendor: string;
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
            /** @description Hand-over, snooze, milestones, merges. */
            handling?: components["schemas"]["Handling"];
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
            /** @description Whoever called for help in silence still owes the reason. */
            reason_owed?: boolean;
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
            escalates_at?: components["schemas"]["Timestamp"] | null;
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
        /** @description A code, shown once. */
        InvitationItem: {
            /** @description To be carried to the edge: it holds a secret that is good once. */
            code: string;
            /** @description Until when it is good. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Who it will be. */
            point: components["schemas"]["PointId"];
        };
        /** @description What one source was late with. */
        LateItem: {
            /**
             * Format: int64
             * @description Events that came later than was waited for.
             */
            events: number;
            /** @description The earliest that waits; of all where none does. */
            first: components["schemas"]["Timestamp"];
            /** @description The latest. */
            last: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Those of them that wait to be judged again, or dismissed.
             */
            open: number;
            settled_at?: components["schemas"]["Timestamp"] | null;
            /** @description By whom. */
            settled_by?: string | null;
            /** @description Whose. */
            source: components["schemas"]["SourceId"];
        };
        /** @description A card that a controller cannot be given at some door at least. */
        LeftOutItem: {
            /** @description Which. */
            credential: components["schemas"]["CredentialId"];
            /**
             * @description Why: `no_number`, `other_form`, `hours`, `conditions`, `more_than_card`, `duress` or
             *     `no_room`.
             */
            why: string[];
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
        /** @description A one-time link, shown once. */
        LinkMade: {
            /** @description The code alone. */
            code: string;
            /** @description The whole link, where the server knows its own address. */
            link?: string | null;
        };
        /** @description A one-time link's code. */
        LinkRequest: {
            /** @description What stands after `code=` in the link. */
            code: string;
        };
        /** @description A zone that is locked down. */
        LockdownItem: {
            ask_at?: components["schemas"]["Timestamp"] | null;
            /** @description By whose right. */
            by: string;
            /** @description Why; it may follow. */
            reason?: string | null;
            /** @description Since when. */
            since: components["schemas"]["Timestamp"];
            /** @description Which. */
            zone: components["schemas"]["ZoneId"];
        };
        /** @description Lock this down. */
        LockdownRequest: {
            /** @description Why; it may follow. */
            reason?: string | null;
            /** @description Which zone, with all within it. */
            zone: components["schemas"]["ZoneId"];
        };
        /** @description One identifier, and what it meant at the event's own time. */
        LookUpItem: {
            /** @description Whom or what it named. */
            entity: components["schemas"]["Entity"];
            /** @description `badge`, `account`, `ip` … */
            kind: string;
            /** @description In which system's namespace. */
            realm?: string | null;
            /** @description Of a credential: `current`, `replaced`, `revoked`, `expired` or `unknown`. */
            state?: string | null;
            valid_from?: components["schemas"]["Timestamp"] | null;
            valid_to?: components["schemas"]["Timestamp"] | null;
            /** @description Its value; three characters of a credential show, and `…` stands for a name. */
            value: string;
        };
        /** @description A mapping's files as they are in force. */
        MappingFiles: {
            /** @description `mapping.toml` and `map.vrl`. */
            files: {
                [key: string]: string;
            };
            /** @description Whether the caller may change it. */
            may_edit: components["schemas"]["MayEdit"];
            /** @description Name. */
            name: string;
            /** @description `shipped`, or `house` for a copy in the house's content folder, which wins. */
            origin: string;
            /** @description Its samples and what is expected of them, by path. */
            samples: {
                [key: string]: string;
            };
            /** @description What ships under this name, where the house has a copy. */
            shipped?: {
                [key: string]: string;
            } | null;
            /** @description Another one when a file has changed: give it as `base_version` with a change. */
            version: string;
        };
        /** @description One mapping. */
        MappingItem: {
            /** @description `real`: proved on real records; `constructed`: made from the vendor's documentation. */
            evidence: string;
            /** @description Name. */
            name: string;
            /** @description `shipped`, or `house` for one in the house's content folder. */
            origin: string;
            /** @description Product. */
            product: string;
            /** @description Vendor. */
            vendor: string;
            /** @description Version. */
            version: string;
        };
        /** @description Where something stands on a plan. */
        MarkItem: {
            /** @description `place:ID` or `asset:ID`. */
            entity: components["schemas"]["Entity"];
            /**
             * Format: double
             * @description From the left edge, 0 to 1.
             */
            x: number;
            /**
             * Format: double
             * @description From the upper edge, 0 to 1.
             */
            y: number;
        };
        /** @description What may be done with a door. */
        MayDo: {
            /** @description Lock its zone down. */
            lockdown: components["schemas"]["MayItem"];
            /** @description Open, lock and unlock it. */
            operate: components["schemas"]["MayItem"];
        };
        /** @description Whether something may be changed, and if not why. */
        MayEdit: {
            /** @description It may. */
            allowed: boolean;
            /** @description Why not. */
            reason?: string | null;
        };
        /** @description Whether somebody may do it, and if not why. */
        MayItem: {
            /** @description Whether they may. */
            allowed: boolean;
            /** @description Why not. */
            refusal?: string | null;
        };
        /** @description Somebody in a group. */
        MemberItem: {
            /** @description Whether now. */
            holds: boolean;
            /** @description Their name, where the caller has given a reason for seeing it. */
            name?: string | null;
            /** @description Who. */
            person: components["schemas"]["PersonId"];
            valid_from?: components["schemas"]["Timestamp"] | null;
            valid_to?: components["schemas"]["Timestamp"] | null;
        };
        /** @description Members of a page. */
        MemberPage: {
            /** @description By person. */
            items: components["schemas"]["MemberItem"][];
            /** @description Give this as `after` to go on. */
            next?: string | null;
        };
        /** @description Where everything is. */
        Metadata: {
            /** @description One question. */
            access_evaluation_endpoint: string;
            /** @description Many questions. */
            access_evaluations_endpoint: string;
            /** @description This decision point. */
            policy_decision_point: string;
            /** @description What somebody may do. */
            search_action_endpoint: string;
            /** @description Where somebody may. */
            search_resource_endpoint: string;
            /** @description Who may. */
            search_subject_endpoint: string;
        };
        /**
         * @description How far those who went there have come.
         * @enum {string}
         */
        Milestone: "dispatched" | "on_scene" | "clear";
        /** @description A moment: an instant, or an event. */
        MomentAsk: {
            event?: components["schemas"]["EventName"] | null;
            place?: components["schemas"]["PlaceId"] | null;
            time?: components["schemas"]["Timestamp"] | null;
        };
        /** @description A moment as it was asked about. */
        MomentItem: {
            event?: components["schemas"]["EventName"] | null;
            place?: components["schemas"]["PlaceId"] | null;
            /** @description When. */
            time: components["schemas"]["Timestamp"];
        };
        /** @description Somebody on the list. */
        MusterPerson: {
            /** @description Their name. */
            name?: string | null;
            /** @description Who. */
            person: components["schemas"]["PersonId"];
            since?: components["schemas"]["Timestamp"] | null;
            /**
             * @description Why they may be in, where that is not known: `unheard` (believed elsewhere, but doors of
             *     this area are not heard) or `never_seen` (never seen, or forgotten after a muster).
             */
            why?: string | null;
            zone?: components["schemas"]["ZoneId"] | null;
        };
        /** @description Who is in an area, and who may be. */
        MusterView: {
            /** @description Of which area. */
            area: components["schemas"]["ZoneId"];
            /** @description As of when. */
            at: components["schemas"]["Timestamp"];
            /** @description Known to be in, by zone. */
            inside: components["schemas"]["MusterPerson"][];
            /** @description Perhaps in: nobody knows that they are not. */
            possibly: components["schemas"]["MusterPerson"][];
            /** @description Zones whose doors nobody hears. */
            unheard: components["schemas"]["ZoneId"][];
        };
        /** @description A person whose name this session has asked for. */
        NameItem: {
            /** @description Id: what they are called by otherwise. */
            id: components["schemas"]["PersonId"];
            /** @description The name. */
            name: string;
        };
        /** @description A thing by its kind and id. */
        Named: {
            /** @description Its id. */
            id: string;
            /** @description `group` or `person`; `zone` or `door`. */
            kind: string;
        };
        /** @description A new password. */
        NewPassword: {
            /** @description The new one: 12 to 256 characters. */
            new: string;
            /** @description The old one, where there is one and no link let one in. */
            old?: string | null;
        };
        /** @description One entry. */
        Occurrence: {
            /** @description When it happened. */
            at: components["schemas"]["Timestamp"];
            /** @description Who wrote it: an operator's or a token's id. */
            by: string;
            corrects?: components["schemas"]["OccurrenceId"] | null;
            /** @description Its id. */
            id: components["schemas"]["OccurrenceId"];
            incident?: components["schemas"]["IncidentId"] | null;
            /** @description What it is about. */
            kind: components["schemas"]["OccurrenceKind"];
            /**
             * Format: int64
             * @description Its place in the log: from 1, without gaps.
             */
            number: number;
            place?: components["schemas"]["PlaceId"] | null;
            /** @description When it was written down (our clock). */
            recorded_at: components["schemas"]["Timestamp"];
            site?: components["schemas"]["PlaceId"] | null;
            /** @description In their words. */
            text: string;
        };
        OccurrenceId: string;
        /**
         * @description What an entry is about.
         * @enum {string}
         */
        OccurrenceKind: "note" | "patrol" | "visitor" | "delivery" | "keys" | "fault" | "medical" | "test" | "other";
        /** @description One page, newest first by when things happened. */
        OccurrencePage: {
            /** @description Give this as `after` to go on. */
            next?: string | null;
            /** @description The entries. */
            occurrences: components["schemas"]["Occurrence"][];
        };
        /** @description An entry to be written. */
        OccurrenceRequest: {
            at?: components["schemas"]["Timestamp"] | null;
            corrects?: components["schemas"]["OccurrenceId"] | null;
            incident?: components["schemas"]["IncidentId"] | null;
            /** @description What it is about. */
            kind: components["schemas"]["OccurrenceKind"];
            place?: components["schemas"]["PlaceId"] | null;
            site?: components["schemas"]["PlaceId"] | null;
            /** @description In the writer's words; at most `occurrence_text_chars_max` characters. */
            text: string;
        };
        /** @description A hand-over that waits to be accepted. Who offers answers for the incident until then. */
        Offer: {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Who offered. */
            by: string;
            /** @description What they should know. */
            note?: string | null;
            /** @description To whom. */
            to: components["schemas"]["Owner"];
            /** @description Until when it may be accepted. */
            until: components["schemas"]["Timestamp"];
        };
        /**
         * @description How an offer ended.
         * @enum {string}
         */
        OfferEnd: "declined" | "withdrawn" | "expired" | "overtaken";
        /** @description One operator. */
        OperatorAnswer: {
            /** @description When they were last changed. */
            changed_at: components["schemas"]["Timestamp"];
            /** @description When they were made. */
            created_at: components["schemas"]["Timestamp"];
            /** @description May not sign in. */
            disabled: boolean;
            /** @description They have set up how to sign in. */
            enrolled: boolean;
            /** @description A password is set. */
            has_password: boolean;
            /** @description An authenticator is set up. */
            has_totp: boolean;
            /** @description Id. */
            id: string;
            /** @description What they type to sign in. */
            login: string;
            /** @description How they are shown. */
            name: string;
            /** @description How many passkeys they have. */
            passkeys: number;
            person?: components["schemas"]["PersonId"] | null;
            /** @description The identity provider by which they sign in; their roles follow their groups there. */
            provider?: string | null;
            /** @description As what, and where. */
            roles: components["schemas"]["RoleItem"][];
            seen_at?: components["schemas"]["Timestamp"] | null;
            /** @description Whose incidents are theirs. */
            teams: components["schemas"]["TeamId"][];
            /**
             * Format: int64
             * @description Counts changes.
             */
            version: number;
        };
        /** @description What is to be changed; what is absent stays. */
        OperatorChanges: {
            /** @description May not sign in; their sessions end at once. */
            disabled?: boolean | null;
            /** @description How they are shown. */
            name?: string | null;
            person?: components["schemas"]["PersonId"] | null;
            /** @description As what, and where. */
            roles?: components["schemas"]["RoleItem"][] | null;
            /** @description Whose incidents are theirs. */
            teams?: components["schemas"]["TeamId"][] | null;
            /**
             * Format: int64
             * @description The version that was looked at; refused when another stands. Any, if absent.
             */
            version?: number | null;
        };
        /** @description Who somebody is. */
        OperatorItem: {
            /** @description Id. */
            id: string;
            /** @description What they type to sign in. */
            login: string;
            /** @description How they are shown. */
            name: string;
            person?: components["schemas"]["PersonId"] | null;
            /** @description Whose incidents are theirs. */
            teams: components["schemas"]["TeamId"][];
        };
        /** @description Who works with Castellan, and whose incidents they may be given. */
        OperatorName: {
            id: string;
            /** @description Their console was in use within the last minutes. */
            is_on_duty: boolean;
            name: string;
            person?: components["schemas"]["PersonId"] | null;
            /** @description What they are. */
            roles: string[];
            /** @description Whose incidents are theirs. */
            teams: components["schemas"]["TeamId"][];
            /** @description Else the sites whose incidents they may work; nobody is given another's. */
            works_at: components["schemas"]["PlaceId"][];
            /** @description May work every incident. */
            works_everywhere: boolean;
        };
        /** @description A new operator. */
        OperatorRequest: {
            /** @description What they will type to sign in. */
            login: string;
            /** @description How they are shown. */
            name: string;
            person?: components["schemas"]["PersonId"] | null;
            /** @description As what, and where. */
            roles?: components["schemas"]["RoleItem"][];
            /** @description Whose incidents are theirs. */
            teams?: components["schemas"]["TeamId"][];
        };
        /** @description The organisation without its people. */
        OrganisationItem: {
            /** @description Every thing. */
            assets: components["schemas"]["AssetItem"][];
            /**
             * @description Where a camera's pictures are shown: put in `{camera}` (an asset), `{door}`, `{at}` (RFC
             *     3339) and `{at_ms}`.
             */
            camera_link?: string | null;
            /** @description Every door. */
            doors: components["schemas"]["DoorItem"][];
            /** @description Its name. */
            name: string;
            /** @description Operators, and where they may work incidents. */
            operators: components["schemas"]["OperatorName"][];
            /** @description Every place. */
            places: components["schemas"]["PlaceItem"][];
            /** @description Its sites. */
            sites: components["schemas"]["PlaceId"][];
            /** @description Every team that owns what rules find, or that operators belong to. */
            teams: components["schemas"]["TeamId"][];
            /** @description Whose installation. */
            tenant: components["schemas"]["TenantId"];
            /** @description Its time zone. */
            time_zone: string;
            /**
             * Format: int64
             * @description Counts changes of the organisation since the start.
             */
            version: number;
        };
        /** @description What happens. */
        OutcomeItem: {
            /**
             * Format: int64
             * @description For how long the strike is released.
             */
            hold_s?: number | null;
            /** @description `grant`, `require` or `refuse`. */
            kind: string;
            /** @description What is left to do: `pin`, `step_up`, `second_person`, `escort`. */
            steps?: string[] | null;
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
        /** @description Which part of the results. */
        PageBody: {
            /**
             * Format: int64
             * @description At most so many results.
             */
            limit?: number | null;
            /** @description `next_token` of the page before. */
            token?: string | null;
        };
        /** @description Where the next page begins. */
        PageItem: {
            /** @description Results of this page. */
            count: number;
            /** @description Give this as `token` to go on; empty at the end. */
            next_token: string;
        };
        /** @description The incident of a call. */
        PanicAnswer: components["schemas"]["IncidentView"] & {
            /**
             * @description How the team that answers for it was found: `site_guards`, `own_site_guards`,
             *     `other_guards`, `default_team`; absent when an earlier call had found it.
             */
            routing?: string | null;
        };
        /** @description Where, as far as can be said; all of it may be missing. */
        PanicRequest: {
            asset?: components["schemas"]["AssetId"] | null;
            place?: components["schemas"]["PlaceId"] | null;
        };
        /** @description The last passage, if there was one. */
        PassageAnswer: {
            passage?: components["schemas"]["PassageItem"] | null;
        };
        /** @description One passage. */
        PassageItem: {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Whether they were let through. */
            granted: boolean;
            /**
             * Format: int32
             * @description The event's part of it.
             */
            part: number;
            passed?: components["schemas"]["Timestamp"] | null;
            person?: components["schemas"]["PersonId"] | null;
            /**
             * Format: int64
             * @description The event's record.
             */
            record: number;
        };
        /** @description The browser's answer. */
        PasskeyAnswer: {
            /** @description Which ceremony. */
            ceremony: string;
            /** @description `PublicKeyCredential.toJSON()`. */
            credential: Record<string, never>;
        };
        /** @description A passkey. */
        PasskeyItem: {
            /** @description When it was made. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Credential id. */
            id: string;
            /** @description Its owner's name for it. */
            name: string;
            used_at?: components["schemas"]["Timestamp"] | null;
        };
        /** @description A passkey's id. */
        PasskeyKept: {
            /** @description Credential id. */
            id: string;
        };
        /** @description The passkey that the browser made. */
        PasskeyMade: {
            /** @description Which ceremony. */
            ceremony: string;
            /** @description `PublicKeyCredential.toJSON()`. */
            credential: Record<string, never>;
            /** @description The owner's name for it. */
            name?: string;
        };
        /** @description Whose passkey. */
        PasskeyQuestion: {
            /** @description Login; the device chooses if absent. */
            login?: string | null;
        };
        /** @description Login, password, and the code that an authenticator shows. */
        PasswordRequest: {
            /**
             * @description The authenticator's code; when it is missing and the password is right, the answer is 401
             *     `totp_wanted`.
             */
            code?: string | null;
            /** @description Login. */
            login: string;
            /** @description Password. */
            password: string;
        };
        /** @description People of a page. */
        PeoplePage: {
            next?: components["schemas"]["PersonId"] | null;
            /** @description The people, by id. */
            people: components["schemas"]["PersonItem"][];
        };
        /** @description One person. */
        PersonAnswer: {
            /** @description Kind. */
            kind: components["schemas"]["PersonKind"];
            /** @description The moments that the verdict rests on: of who is excluded, those that exclude. */
            moments: components["schemas"]["SeenItem"][];
            /** @description The name, once this session has given a reason for seeing it. */
            name?: string | null;
            /** @description Id. */
            person: components["schemas"]["PersonId"];
            /** @description Team. */
            team?: string | null;
            /** @description `consistent`, `unknown` or `excluded`. */
            verdict: string;
        };
        PersonId: string;
        /** @description A person: who it is stays hidden until somebody has given a reason. */
        PersonItem: {
            /** @description Things of theirs. */
            assets: string[];
            /** @description Id. */
            id: components["schemas"]["PersonId"];
            /** @description Identifiers by which sources know them. */
            identifiers: components["schemas"]["IdentifierItem"][];
            /** @description Kind. */
            kind: components["schemas"]["PersonKind"];
            /** @description The name, once this session has given a reason for seeing it, or to a token that may. */
            name?: string | null;
            site?: components["schemas"]["PlaceId"] | null;
            /** @description Status. */
            status: components["schemas"]["PersonStatus"];
            /** @description Team. */
            team?: string | null;
            until?: components["schemas"]["Timestamp"] | null;
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
        /** @description Digits as they are wanted; kept as keyed hashes only. */
        PinBody: {
            /** @description Those that tell that somebody is forced. */
            duress?: string | null;
            /** @description Four to twelve digits. */
            pin: string;
            /** @description Why. */
            reason: string;
        };
        PlaceId: string;
        /** @description One place. */
        PlaceItem: {
            /** Format: int32 */
            capacity?: number | null;
            id: components["schemas"]["PlaceId"];
            kind: string;
            name?: string | null;
            parent?: components["schemas"]["PlaceId"] | null;
            site?: components["schemas"]["PlaceId"] | null;
            time_zone?: string | null;
            zone_class?: string | null;
        };
        /** @description A floor plan. */
        PlanItem: {
            /** @description Its last change. */
            changed_at: components["schemas"]["Timestamp"];
            /**
             * Format: int32
             * @description In the image's own units.
             */
            height: number;
            /** @description Where its image is. */
            image: string;
            /** @description What stands where. */
            marks: components["schemas"]["MarkItem"][];
            /** @description Of which place. */
            place: components["schemas"]["PlaceId"];
            /**
             * Format: int32
             * @description In the image's own units.
             */
            width: number;
        };
        PointId: string;
        /** @description A file of policies as it is wanted. */
        PolicyBody: {
            /** @description Why. */
            reason: string;
            /** @description In Cedar; each policy with an `@id`. */
            text: string;
        };
        /** @description One file of policies. */
        PolicyFileItem: {
            /** @description Its name. */
            file: string;
            /** @description The policies in it, by their names. */
            policies: string[];
            /** @description In Cedar. */
            text: string;
        };
        /** @description How one policy went. */
        PolicyItem: {
            /** @description `permit` or `forbid`. */
            effect: string;
            /** @description Why it could not be evaluated. */
            error?: string | null;
            /** @description Its name. */
            policy: string;
            /** @description The right behind it. */
            right?: string | null;
            /** @description `permits`, `forbids`, `does_not_hold` or `error`. */
            verdict: string;
        };
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
            /** @description The last part of that name. */
            code: string;
            /** @description This case in words, and what to do. */
            detail: string;
            problems?: components["schemas"]["FileProblems"] | null;
            /**
             * Format: int32
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
        /** @description An event that shows where somebody was. */
        ProofItem: {
            at?: components["schemas"]["PlaceId"] | null;
            /** @description `granted`, `taken`, `sensor` or `log_on`. */
            by: string;
            into?: components["schemas"]["PlaceId"] | null;
            /**
             * Format: int32
             * @description Which of the record's events it is.
             */
            part: number;
            /**
             * Format: int64
             * @description Journal sequence of its record.
             */
            record: number;
            /** @description Whose record. */
            source: components["schemas"]["SourceId"];
            /** @description When. */
            time: components["schemas"]["Timestamp"];
        };
        /** @description An identity provider to sign in by. */
        ProviderItem: {
            /** @description Its id. */
            id: string;
            /** @description How its button is called. */
            name: string;
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
            /** @description Also over the table `raw`: what sources said, word by word. Needs the right `event.raw`. */
            raw?: boolean;
            /** @description Over the table `events`. */
            sql: string;
        };
        /**
         * @description One record as its source said it, with people called by their ids where the caller has not
         *     asked for their names.
         */
        RawItem: {
            /** @description The record's length in bytes. */
            bytes: number;
            /**
             * Format: int64
             * @description Bytes that a limit cut off its end when it came in; 0 when whole.
             */
            bytes_cut: number;
            /** @description The record in hexadecimal digits, where it is not. */
            hex?: string | null;
            /** @description People are called by their ids in it: not every byte is the source's. */
            is_covered: boolean;
            /** @description Only its beginning is shown, up to `raw_shown_bytes_max`. */
            is_cut: boolean;
            /** @description Which listener took it. */
            listener: string;
            /** @description The sender's address, where there is one. */
            peer?: string | null;
            /** @description When it was received. */
            received_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Journal sequence.
             */
            record: number;
            /**
             * Format: int64
             * @description The dead letter's record that this re-runs.
             */
            rerun_of?: number | null;
            /** @description Whose it is. */
            source: components["schemas"]["SourceId"];
            /** @description The record, where it is text. */
            text?: string | null;
            /** @description The MQTT topic, where there is one. */
            topic?: string | null;
            /** @description How well the sender is known. */
            trust: components["schemas"]["Trust"];
            /** @description How it is read: `syslog`, `json`, `csv`, `cef`, `leef`, `kv`, `xml`, `mqtt`, `udp`. */
            wire: string;
        };
        /** @description One milestone reached. */
        Reached: {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Who said so. */
            by: string;
            /** @description Which. */
            milestone: components["schemas"]["Milestone"];
        };
        /** @description Somebody was not let through. */
        RefusalItem: {
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description `current`, `replaced`, `revoked`, `expired` or `unknown`, by the organisation's records. */
            credential?: string | null;
            /** @description Where. */
            door: components["schemas"]["PlaceId"];
            /**
             * Format: int32
             * @description The event's part of it.
             */
            part: number;
            person?: components["schemas"]["RefusedPerson"] | null;
            /** @description Why, in the access system's words. */
            reason?: string | null;
            /**
             * Format: int64
             * @description The event's record.
             */
            record: number;
            site?: components["schemas"]["PlaceId"] | null;
        };
        /** @description Who was refused. */
        RefusedPerson: {
            /** @description Id. */
            id: components["schemas"]["PersonId"];
            /** @description The name, for an operator who is signed in; a token asks for it with a reason. */
            name?: string | null;
            /** @description Whether there is a photo of them. */
            photo: boolean;
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
        /** @description One finding of a replay. */
        ReplayFinding: {
            /** @description The finding. */
            finding: components["schemas"]["Finding"];
            /** @description Whether it is a finding already. */
            is_known: boolean;
            /** @description `new`: of the replayed rules alone; `old`: of the rules in force alone; `both`. */
            side: string;
        };
        /** @description One page, the earliest first. */
        ReplayFindingPage: {
            /** @description The findings. */
            findings: components["schemas"]["ReplayFinding"][];
            /**
             * Format: int32
             * @description Give this as `after` to go on.
             */
            next?: number | null;
        };
        /** @description A replay. */
        ReplayItem: {
            /** @description When. */
            asked_at: components["schemas"]["Timestamp"];
            /** @description Who asked for it. */
            by: string;
            /** @description The stretch. */
            from: components["schemas"]["Timestamp"];
            /** @description Its id. */
            id: string;
            /** @description Whether they are a draft. */
            is_draft: boolean;
            late_of?: components["schemas"]["SourceId"] | null;
            /** @description How far it is. */
            pace: components["schemas"]["ReplayPace"];
            report?: components["schemas"]["ReplayReport"] | null;
            /** @description The rules it is about. */
            rules: components["schemas"]["RuleId"][];
            settled_at?: components["schemas"]["Timestamp"] | null;
            /** @description By whom. */
            settled_by?: string | null;
            site?: components["schemas"]["PlaceId"] | null;
            /** @description `running`, `done`, `stopped` or `failed`. */
            state: string;
            /** @description Its end. */
            to: components["schemas"]["Timestamp"];
            /** @description Why it failed. */
            why?: string | null;
        };
        /** @description How far a replay is. */
        ReplayPace: {
            at?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: double
             * @description Events read in a second.
             */
            events_per_s: number;
            /**
             * Format: int64
             * @description How many there are at most.
             */
            of: number;
            /**
             * Format: int64
             * @description Events read so far, those before the stretch included.
             */
            read: number;
            /**
             * Format: int64
             * @description How many seconds it will still take at this pace.
             */
            remaining_s?: number | null;
            /**
             * Format: int64
             * @description How often it stood aside for the flow.
             */
            waits: number;
        };
        /** @description What a replay came to. */
        ReplayReport: {
            /**
             * Format: int64
             * @description Windows and matches that were closed before their time, for want of room.
             */
            closed_early: number;
            /** @description Day by day, days without any included. */
            days: components["schemas"]["DayCount"][];
            /**
             * Format: int64
             * @description Events of the stretch.
             */
            events: number;
            /**
             * Format: double
             * @description Events judged in a second.
             */
            events_per_s: number;
            /** @description Matches that exceptions kept back, by exception. */
            excepted: {
                [key: string]: number;
            };
            /**
             * Format: int64
             * @description Findings.
             */
            findings: number;
            /** @description Whether there were so many that the run ended early. */
            is_cut: boolean;
            /** @description Up to which event time it was judged. */
            judged_to: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Findings that can be looked at; the rest is only counted.
             */
            kept: number;
            /**
             * Format: int64
             * @description Most findings in ten minutes.
             */
            peak: number;
            /**
             * Format: int64
             * @description Findings that later events could still overturn, `provisional` among those listed; not
             *     counted with the others.
             */
            provisional: number;
            /** @description Rule by rule, the noisiest first. */
            rules: components["schemas"]["ReplayRule"][];
            /**
             * Format: int64
             * @description Spans of ten minutes with more than one finding.
             */
            spans_over: number;
            /** @description Whom and what it is about most. */
            top: components["schemas"]["TopEntity"][];
            /**
             * Format: int64
             * @description Windows and matches still open at the end, because more may still come.
             */
            undecided_yet: number;
            /**
             * Format: int64
             * @description Stored events that could not be read.
             */
            unreadable: number;
            /** @description What was known beforehand. */
            warmth: components["schemas"]["ReplayWarmth"];
        };
        /** @description What to replay. */
        ReplayRequest: {
            /** @description Whether the same rules as they are in force are replayed beside the draft. */
            compare?: boolean;
            /**
             * @description The draft: rule files, exceptions and filters among them, by path such as
             *     `rules/house/NAME.yml`. Without any the rules in force are replayed.
             */
            files?: {
                [key: string]: string;
            };
            from?: components["schemas"]["Timestamp"] | null;
            late_of?: components["schemas"]["SourceId"] | null;
            /** @description Only these rules. */
            rules?: components["schemas"]["RuleId"][];
            site?: components["schemas"]["PlaceId"] | null;
            to?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int32
             * @description How many seconds before `from` the reading begins; enough for presence, windows and
             *     episodes if absent.
             */
            warm_s?: number | null;
        };
        /** @description One rule. */
        ReplayRule: {
            /**
             * Format: int64
             * @description Findings of both.
             */
            both?: number | null;
            /**
             * Format: int64
             * @description Findings.
             */
            findings: number;
            /** @description Its level. */
            level: components["schemas"]["Level"];
            /**
             * Format: int64
             * @description Findings of the draft alone.
             */
            only_new?: number | null;
            /**
             * Format: int64
             * @description Findings of the rule in force alone; with `compare`.
             */
            only_old?: number | null;
            /**
             * Format: int64
             * @description Most of them in ten minutes.
             */
            peak: number;
            /** @description Its id. */
            rule: components["schemas"]["RuleId"];
            /** @description Its title. */
            title: string;
            /**
             * Format: int64
             * @description How often it could not be decided.
             */
            undecided: number;
            /** @description Why. */
            why_undecided: string[];
        };
        /** @description What was known when the stretch began. */
        ReplayWarmth: {
            /**
             * Format: int64
             * @description Events read before the stretch.
             */
            events: number;
            first_event?: components["schemas"]["Timestamp"] | null;
            /** @description Where the reading began. */
            from: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description People of the organisation.
             */
            people: number;
            /**
             * Format: int64
             * @description People seen by then.
             */
            people_seen: number;
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
            /** @description With this reason's code. */
            reason?: string | null;
            /** @description Only these records; at most 1000. */
            records?: number[];
            source?: components["schemas"]["SourceId"] | null;
        };
        /** @description Results. */
        Results: {
            /** @description Where the next page begins. */
            page: components["schemas"]["PageItem"];
            /** @description Subjects, resources or actions. */
            results: Record<string, never>[];
        };
        /** @description Why a name is wanted. */
        RevealRequest: {
            /** @description Kept in the audit log, with who asked. */
            reason: string;
        };
        RevocationId: string;
        /** @description A suspension, its end, or a revocation. */
        RevocationItem: {
            /** @description `suspend`, `lift` or `revoke`. */
            act: string;
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description By whose right. */
            by: string;
            done_at?: components["schemas"]["Timestamp"] | null;
            /** @description Id. */
            id: components["schemas"]["RevocationId"];
            incident?: components["schemas"]["IncidentId"] | null;
            /** @description How many points are asked. */
            points: number;
            /** @description Why. */
            reason: string;
            /** @description Those that have not confirmed. */
            silent: components["schemas"]["PointId"][];
            /** @description `done`, `unconfirmed` or `superseded`. Never `done` while some point could still admit. */
            state: string;
            /** @description To whom or what. */
            subject: components["schemas"]["SubjectItem"];
            superseded_by?: components["schemas"]["RevocationId"] | null;
        };
        /** @description What is to be done. */
        RevocationRequest: {
            /** @description `suspend`, `lift` or `revoke`. */
            act: string;
            id?: components["schemas"]["RevocationId"] | null;
            of?: components["schemas"]["RevocationId"] | null;
            /** @description Why; kept in the audit log. */
            reason: string;
            subject?: components["schemas"]["SubjectItem"] | null;
        };
        /** @description One of them, with its receipts. */
        RevocationView: components["schemas"]["RevocationItem"] & {
            /** @description What is to be done until all have confirmed. */
            compensating?: string | null;
            /** @description Every point that is asked. */
            signings: components["schemas"]["SigningItem"][];
        };
        /** @description A right as it is wanted. */
        RightBody: {
            /** @description Who approved it. */
            approved_by?: string | null;
            /** @description `group` or `person`. */
            holder: components["schemas"]["Named"];
            /** @description `zone` or `door`. */
            opens: components["schemas"]["Named"];
            /** @description Why: kept with the right and with the version. */
            reason: string;
            /** @description In which hours; at any where none is said. */
            schedule?: string | null;
            valid_from?: components["schemas"]["Timestamp"] | null;
            valid_to?: components["schemas"]["Timestamp"] | null;
        };
        RightId: string;
        /** @description Whether an action is allowed, and if not the reason. */
        RightItem: {
            /** @description Whether. */
            allowed: boolean;
            /** @description Why not. */
            reason?: string | null;
        };
        /** @description Rights of a page. */
        RightPage: {
            /** @description By id. */
            items: components["schemas"]["RightItem"][];
            /** @description Give this as `after` to go on. */
            next?: string | null;
        };
        /** @description A role, and how far it reaches. */
        RoleItem: {
            /** @description `guard`, `analyst`, `engineer`, `auditor`, `administrator`. */
            role: string;
            /** @description At these sites; in the whole organisation if absent or null. */
            sites?: components["schemas"]["PlaceId"][] | null;
        };
        /** @description Who may do what, by the policies in force. */
        RolesAnswer: {
            /** @description The actions, with their meaning. */
            actions: components["schemas"]["ActionItem"][];
            /** @description Role to action to whether it may, for a role of the whole organisation. */
            matrix: {
                [key: string]: {
                    [key: string]: boolean;
                };
            };
            /** @description The roles. */
            roles: string[];
        };
        /** @description A rule with its file and its cases. */
        RuleDetail: {
            /** @description Whether it asks where people are, so that its findings are provisional at first. */
            asks_presence: boolean;
            /** @description Other rules of the same file. */
            beside: components["schemas"]["RuleId"][];
            /** @description What stands there. */
            cases?: string | null;
            /** @description Its cases' file. */
            cases_path: string;
            /** @description What it is about, in its author's words. */
            description?: string | null;
            history?: components["schemas"]["RuleHistory"] | null;
            /** @description Its id. */
            id: components["schemas"]["RuleId"];
            /** @description Whether it joins other rules' matches. */
            is_correlation: boolean;
            /** @description Whether its matches are findings of their own. */
            is_reported: boolean;
            /** @description Its level. */
            level: components["schemas"]["Level"];
            /** @description Whether the caller may change it. */
            may_edit: components["schemas"]["MayEdit"];
            /** @description Whether the caller may replay it. */
            may_try: components["schemas"]["MayEdit"];
            /** @description The set that turns it off. */
            off_by?: string | null;
            /** @description `shipped`, or `house` for a file in the house's content folder, which wins. */
            origin: string;
            /** @description Its file. */
            path: string;
            /** @description What to do, step by step. */
            sop: string[];
            /** @description Sigma's status. */
            status?: string | null;
            /** @description Sigma's tags. */
            tags: string[];
            team?: components["schemas"]["TeamId"] | null;
            /** @description What stands there. */
            text: string;
            /** @description Its title. */
            title: string;
            /**
             * Format: int64
             * @description How often it could not be decided since the detector began.
             */
            undecided: number;
            /** @description Another one when the file has changed: give it as `base_version` with a change. */
            version: string;
            /** @description Why. */
            why_undecided: string[];
        };
        /** @description What a rule was taught of the time before it. */
        RuleHistory: {
            /**
             * Format: int64
             * @description Events read.
             */
            events: number;
            /** @description Whether it begins later than the rule asks for, because there was too much to read. */
            is_cut: boolean;
            /** @description When the earliest of them happened; without any, from when on was looked. */
            since: components["schemas"]["Timestamp"];
            /**
             * @description `reading`: nothing is judged by the rule until it has been read; `learned`; `failed`: it
             *     learns from when it came into force.
             */
            state: string;
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
            /** @description Whether its matches are findings of their own, or only feed correlations. */
            is_reported: boolean;
            /** @description Level. */
            level: components["schemas"]["Level"];
            /** @description Licence. */
            licence?: string | null;
            /** @description The set that turns it off, where one does. */
            off_by?: string | null;
            /** @description `shipped`, or `house` for one in the house's content folder. */
            origin: string;
            /** @description Sigma's status, such as `experimental`. */
            status?: string | null;
            /** @description Sigma tags. */
            tags: string[];
            /** @description Which team owns its findings. */
            team?: string | null;
            /** @description Title. */
            title: string;
        };
        /** @description A change of a rule. */
        RuleSaveBody: {
            /** @description The version of the rule's file that was looked at; empty for a new one. */
            base_version: string;
            /** @description The rule's file and its cases', by path. */
            files: {
                [key: string]: string;
            };
            /** @description Why; kept in the audit log. */
            reason: string;
        };
        /** @description What a change did. */
        RuleSaved: {
            /** @description The version in force now. */
            version: string;
            /** @description What deserves a look. */
            warnings: components["schemas"]["FileProblem"][];
        };
        /** @description A change of a mapping. */
        SaveBody: {
            /** @description What its samples give from now on is what is expected of them. */
            accept_samples?: boolean;
            /** @description The version that was looked at; empty for a new mapping. */
            base_version: string;
            /**
             * @description Files by path: `mapping.toml`, `map.vrl`, `samples/NAME`, `expected/NAME.ndjson`. Others
             *     stay as they are.
             */
            files: {
                [key: string]: string;
            };
            /** @description Why; kept in the audit log. */
            reason: string;
        };
        /** @description What a change did. */
        SavedAnswer: {
            /** @description Samples whose outcome is expected from now on. */
            accepted: string[];
            /** @description The version in force now. */
            version: string;
            /** @description What deserves a look. */
            warnings: components["schemas"]["FileProblem"][];
        };
        /** @description Hours as they are wanted. */
        ScheduleBody: {
            /** @description Its holidays. */
            holidays?: components["schemas"]["HolidayItem"][];
            /** @description Display name. */
            name?: string | null;
            /** @description Why. */
            reason: string;
            /** @description IANA zone; the organisation's where none is said. */
            time_zone?: string | null;
            /** @description When it is open. */
            windows: components["schemas"]["WindowItem"][];
        };
        /** @description Hours of the week. */
        ScheduleItem: {
            /** @description Its holidays. */
            holidays: components["schemas"]["HolidayItem"][];
            /** @description Whether now. */
            is_open: boolean;
            /** @description Display name. */
            name?: string | null;
            next_change?: components["schemas"]["Timestamp"] | null;
            /** @description Its id. */
            schedule: string;
            /** @description IANA zone. */
            time_zone: string;
            /** @description When it is open. */
            windows: components["schemas"]["WindowItem"][];
        };
        /** @description What is searched. */
        SearchBody: {
            action?: components["schemas"]["Deed"] | null;
            page?: components["schemas"]["PageBody"] | null;
            resource?: components["schemas"]["Thing"] | null;
            subject?: components["schemas"]["Thing"] | null;
        };
        /** @description One person at one moment. */
        SeenItem: {
            /** @description Log-ons of theirs nearby. */
            also?: components["schemas"]["ProofItem"][];
            evidence?: components["schemas"]["ProofItem"] | null;
            last?: components["schemas"]["ProofItem"] | null;
            /** @description Which moment, from 0. */
            moment: number;
            next?: components["schemas"]["ProofItem"] | null;
            /**
             * @description `there`, `within_reach`, `at_its_door`, `passing`, `moved_unseen`, `seen_by_network`;
             *     `elsewhere`, `outside`; `left_unseen`, `not_known`.
             */
            reason: string;
            since?: components["schemas"]["Timestamp"] | null;
            /** @description What was known: `in`, `out` or `unknown`. */
            state: string;
            /** @description `consistent`, `unknown` or `excluded`, of this moment alone. */
            verdict: string;
            /** @description Why it is unknown: `never_seen`, `aged`, `stale`, `ambiguous`, `unwatched`. */
            why?: string | null;
            zone?: components["schemas"]["PlaceId"] | null;
        };
        /** @description Who is signed in, and what they may do. */
        SessionAnswer: {
            /** @description To be sent as `X-CSRF-Token` with every request that changes something. */
            csrf: string;
            /** @description When the session ends at the latest, by the server's clock. */
            expires_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description The same in seconds from now, for whoever has a clock of their own.
             */
            expires_in_s: number;
            /** @description A password is set. */
            has_password: boolean;
            /** @description An authenticator is set up. */
            has_totp: boolean;
            /** @description How they signed in: `link`, `password`, `passkey`, or `oidc:` and a provider's id. */
            method: string;
            /** @description They must set up how to sign in before anything else. */
            must_enrol: boolean;
            /** @description The server's clock. */
            now: components["schemas"]["Timestamp"];
            /** @description Who. */
            operator: components["schemas"]["OperatorItem"];
            /** @description Their passkeys. */
            passkeys: components["schemas"]["PasskeyItem"][];
            /**
             * Format: int64
             * @description For so many seconds this sign-in is proof enough to change what one signs in with; then the
             *     answer is 401 `proof_wanted`, and signing in again is proof.
             */
            proof_s: number;
            /** @description The identity provider that keeps what they sign in with; nothing of it can be changed here. */
            provider?: string | null;
            /**
             * @description Every action, allowed or with the reason why not. What belongs to a site may still be out
             *     of reach: each answer says so of its own.
             */
            rights: {
                [key: string]: components["schemas"]["RightItem"];
            };
            /** @description As what, and where. */
            roles: components["schemas"]["RoleItem"][];
        };
        /** @description What a settlement did. */
        SettleAnswer: {
            /** @description Findings that were taken over. */
            adopted: components["schemas"]["FindingId"][];
            /**
             * Format: int64
             * @description Findings that were known already.
             */
            known: number;
            /**
             * Format: int64
             * @description Hours of late events that are done with.
             */
            late_hours: number;
        };
        /** @description What to make of a replay. */
        SettleRequest: {
            /** @description Findings to take over, with their ids; at most 500. None: they are dismissed. */
            adopt?: components["schemas"]["FindingId"][];
            /** @description Why; kept in the audit log. */
            reason: string;
        };
        /** @description Somebody is signed in. */
        SignedIn: {
            /** @description To be sent as `X-CSRF-Token` with every request that changes something. */
            csrf: string;
            /** @description They must set up how to sign in before anything else. */
            must_enrol: boolean;
            /** @description Who. */
            operator: components["schemas"]["OperatorItem"];
        };
        /** @description What a page needs before anybody is signed in. */
        SigninAnswer: {
            /** @description The organisation's name. */
            organisation: string;
            /** @description Passkeys can be used at this address. */
            passkeys: boolean;
            /** @description Who else vouches: a link to `/v1/signin/oidc/{id}` begins it. */
            providers: components["schemas"]["ProviderItem"][];
            /** @description No administrator exists yet: the server's terminal shows a one-time link. */
            setup: boolean;
            /** @description The organisation's id. */
            tenant: string;
        };
        /** @description Where it stands at one point. */
        SigningItem: {
            at?: components["schemas"]["Timestamp"] | null;
            /** @description `edge`, `controller` or `system`; none: out of service. */
            kind?: string | null;
            /** @description `device_signed`, `read_back` or `api_acknowledged`. */
            known?: string | null;
            /** @description Which. */
            point: components["schemas"]["PointId"];
            snapshot?: components["schemas"]["SnapshotVersion"] | null;
            stale_until?: components["schemas"]["Timestamp"] | null;
            /** @description `silent`, `confirmed`, `expired` or `decommissioned`. */
            state: string;
        };
        /**
         * @description A version of a snapshot, as decimal digits: many are beyond 2^53, which readers of JSON that
         *     know but one kind of number would round.
         * @example 1795665638000000007
         */
        SnapshotVersion: string;
        /** @description Out of the queue for a time. */
        Snooze: {
            /** @description Who put it aside. */
            by: string;
            /** @description Why. */
            reason: string;
            /** @description Until when. */
            until: components["schemas"]["Timestamp"];
        };
        /** @description One step of the operating procedure. */
        SopStep: {
            /** @description The findings that ask for it, the first first; none for one that a person wrote. */
            asked_by?: components["schemas"]["AskedBy"][];
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
        /** @description A stretch of time at one place, or at none that is known. */
        StayItem: {
            /** @description Where a log-on came from, when no thing of the organisation has that address. */
            address?: string | null;
            /** @description `granted`, `taken` or `sensor`, in rising strength. */
            evidence?: string | null;
            /** @description A zone in the physical world, a thing in the network's; absent where it is not known. */
            place?: string | null;
            /** @description Since when. */
            since: components["schemas"]["Timestamp"];
            /** @description `in`, `out` or `unknown`. */
            state: string;
            until?: components["schemas"]["Timestamp"] | null;
            /** @description Why it is unknown: `never_seen`, `aged`, `stale`, `ambiguous`, `unwatched`. */
            why?: string | null;
            /** @description `physical` or `network`. */
            world: string;
        };
        /** @description Whom or what it is done to. */
        SubjectItem: {
            /** @description Id. */
            id: string;
            /** @description `person`, `credential` or `pass`. */
            kind: string;
            /** @description A person's name, for those who may see it. */
            name?: string | null;
        };
        /** @description On or off. */
        SwitchBody: {
            /** @description Whether it is to speak. */
            enabled: boolean;
            /** @description Why; kept in the audit log, and with the rule while it is off. */
            reason: string;
        };
        TeamId: string;
        TenantId: string;
        /** @description A subject or a resource: what kind of thing, and which. */
        Thing: {
            /** @description Which; not for what is searched. */
            id?: string | null;
            /** @description Of a card: `format`, `facility`, `number`, `issue`. */
            properties?: Record<string, never> | null;
            /** @description `person`, `credential` or `card`; `door`. */
            type: string;
        };
        /** @description How the link of one thing stands. */
        ThingStateItem: {
            /** @description Which. */
            asset: components["schemas"]["AssetId"];
            /** @description Since when, as far as has been heard. */
            since: components["schemas"]["Timestamp"];
            site?: components["schemas"]["PlaceId"] | null;
            /** @description `up`, or `lost` until it is heard again. */
            state: string;
        };
        /** @description How wary the house is. */
        ThreatItem: {
            /** @description By whose right. */
            by?: string | null;
            /** @description `normal`, `elevated`, `high` or `severe`. */
            level: string;
            /** @description Why. */
            reason?: string | null;
            since?: components["schemas"]["Timestamp"] | null;
        };
        /** @description Set it so. */
        ThreatRequest: {
            /** @description `normal`, `elevated`, `high` or `severe`. */
            level: string;
            /** @description Why; kept in the audit log. */
            reason: string;
        };
        /** @description What changes with the threat level. */
        TighteningItem: {
            /**
             * Format: int64
             * @description At least this clearance.
             */
            clearance_min: number;
            /** @description From this level on. */
            from: string;
            /** @description The PIN as well. */
            pin: boolean;
        };
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
            act: "offered";
            /** @description What they should know. */
            note?: string | null;
            /** @description To whom. */
            to: components["schemas"]["Owner"];
            /** @description Until when it may be accepted. */
            until: components["schemas"]["Timestamp"];
        } | {
            /** @enum {string} */
            act: "offer_ended";
            /** @description How. */
            how: components["schemas"]["OfferEnd"];
            /** @description Why, in their words. */
            reason?: string | null;
            /** @description To whom it went. */
            to: components["schemas"]["Owner"];
        } | {
            /** @enum {string} */
            act: "snoozed";
            /** @description Why. */
            reason: string;
            /** @description Until when. */
            until: components["schemas"]["Timestamp"];
        } | {
            /** @enum {string} */
            act: "woken";
            /** @description Why. */
            why: components["schemas"]["WokenBy"];
        } | {
            /** @enum {string} */
            act: "milestone";
            /** @description How far. */
            milestone: components["schemas"]["Milestone"];
        } | {
            /** @enum {string} */
            act: "merged_into";
            /** @description Which. */
            incident: components["schemas"]["IncidentId"];
        } | {
            /** @enum {string} */
            act: "merged";
            /** @description Which. */
            incident: components["schemas"]["IncidentId"];
        } | {
            /** @enum {string} */
            act: "escalated";
            /**
             * Format: int32
             * @description For which time, from 1.
             */
            step: number;
        } | {
            /** @enum {string} */
            act: "called_again";
            /** @description Where, as far as it can be said. */
            text: string;
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
            /**
             * @description `ingest`, `evaluate`, `read`, `names`, `operate`, `admin`. With `evaluate`, the doors that
             *     it enforces: `enforces:door:ID`, `enforces:zone:ID` or `enforces:*`; and, where it may,
             *     `evaluate:search` and `evaluate:reasons`.
             */
            scopes: string[];
            /** @description Only for these sources; for any if empty. */
            sources?: components["schemas"]["SourceId"][];
        };
        /** @description How often something was concerned. */
        TopEntity: {
            /** @description `person:ID`, `place:ID` or `asset:ID`. */
            entity: string;
            /**
             * Format: int64
             * @description In how many findings.
             */
            findings: number;
        };
        /** @description What an authenticator is set up with. */
        TotpAnswer: {
            /** @description The secret, to be typed. */
            secret: string;
            /** @description `otpauth://…`, for a picture. */
            uri: string;
        };
        /** @description The code that proves it. */
        TotpProof: {
            /** @description Six digits. */
            code: string;
        };
        /**
         * @description How well we know that a record comes from whom it says (DESIGN section 11).
         * @enum {string}
         */
        Trust: "none" | "address" | "token" | "mtls";
        /** @description What a try gave. */
        TryAnswer: {
            /** @description What is wrong with the files, and with what their samples give. */
            problems: components["schemas"]["FileProblem"][];
            /** @description What became of each record, dead letters first. */
            results: components["schemas"]["TryResult"][];
            /** @description What the mapping in force makes of the source's last records, the newest first. */
            samples: components["schemas"]["TrySample"][];
        };
        /** @description What to try. Nothing is kept. */
        TryBody: {
            /** @description Records of dead letters; needs the right `event.raw`. */
            dead_letters?: number[];
            /** @description Files as edited, by path; others stay as they are in force. */
            files?: {
                [key: string]: string;
            };
            /**
             * Format: int32
             * @description So many of the source's last records that the mapping in force makes events of, to see
             *     what changes for them; needs `source` and the right `event.raw`.
             */
            latest?: number;
            source?: components["schemas"]["SourceId"] | null;
            /** @description Texts, each a record; for CSV the header and records. */
            texts?: string[];
        };
        /** @description Why a record gives no event. */
        TryProblem: {
            /** @description The reason in words. */
            detail: string;
            position?: components["schemas"]["Position"] | null;
            /** @description The reason's code, such as `no_mapping`. */
            reason: string;
        };
        /** @description What became of one record. */
        TryResult: {
            /** @description What the OCSF validator says of them. */
            complaints?: string[];
            /** @description The events that it gives. */
            events?: Record<string, never>[];
            /** @description The mapping that read it. */
            mapping?: string | null;
            problem?: components["schemas"]["TryProblem"] | null;
            /**
             * Format: int64
             * @description The dead letter's record.
             */
            record?: number | null;
            /** @description The text's number, from 0. */
            text?: number | null;
        };
        /**
         * @description A record that the mapping in force makes events of; `results` says what the files tried make
         *     of it.
         */
        TrySample: {
            /** @description The events that the mapping in force makes of it. */
            before: Record<string, never>[];
            /** @description Its beginning, where it is text. */
            head?: string | null;
            /** @description Whether the files tried make other events of it. */
            is_changed: boolean;
            /** @description When it came. */
            received_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description The record.
             */
            record: number;
        };
        /** @description Why something is undone. */
        UndoBody: {
            /** @description Why. */
            reason: string;
        };
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
        /** @description What a version did to one thing. */
        VersionChange: {
            /** @description What it is. */
            after: Record<string, never>;
            /** @description What it was; never digits or numbers. */
            before: Record<string, never>;
            /** @description Which. */
            key: string;
            /** @description Its kind. */
            kind: string;
            /** @description `added`, `changed` or `removed`. */
            was: string;
        };
        /** @description A version and all that it changed. */
        VersionDetail: components["schemas"]["VersionItem"] & {
            /** @description What it changed. */
            list: components["schemas"]["VersionChange"][];
        };
        /** @description A version of rights. */
        VersionItem: {
            /** @description By whose approval. */
            approved_by?: string | null;
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Who. */
            by: string;
            /**
             * Format: int64
             * @description How many things it changed.
             */
            changes: number;
            /**
             * Format: int64
             * @description The version that it undoes.
             */
            undoes?: number | null;
            /**
             * Format: int64
             * @description Counts up.
             */
            version: number;
            /** @description `folder`, `edit`, `import` or `undo`. */
            what: string;
            /** @description Why. */
            why: string;
        };
        /** @description Versions of a page. */
        VersionPage: {
            /** @description Newest first. */
            items: components["schemas"]["VersionItem"][];
            /**
             * Format: int64
             * @description Give this as `before` to go on.
             */
            next?: number | null;
        };
        /** @description By what somebody could pass. */
        ViaItem: {
            /** @description Who approved the right. */
            approved_by?: string | null;
            /** @description Who did that. */
            by?: string | null;
            /** @description The policy, as decisions name it. */
            policy: string;
            /** @description Why it was given. */
            reason?: string | null;
            /** @description The right behind it. */
            right?: string | null;
            since?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int64
             * @description The version that put it in force as it was.
             */
            since_version?: number | null;
        };
        /** @description A saved view. */
        ViewItem: {
            /** @description Its last change. */
            changed_at: components["schemas"]["Timestamp"];
            /** @description Whether it is the caller's own. */
            is_own: boolean;
            /** @description `incidents` or `events`. */
            kind: string;
            /** @description Its name. */
            name: string;
            /** @description Whose it is. */
            owner: string;
            /** @description The console's own words for it. */
            query: string;
            /** @description Whether others see it. */
            shared: boolean;
        };
        /**
         * @description Of what a view is.
         * @enum {string}
         */
        ViewKind: "incidents" | "events";
        /** @description A view to keep. */
        ViewRequest: {
            /** @description Of what. */
            kind: components["schemas"]["ViewKind"];
            /** @description The console's own words for it. */
            query: string;
            /** @description Whether others see it. */
            shared?: boolean;
        };
        /** @description A question that is being answered. */
        WhatIfBegun: {
            /** @description Its id. */
            job: string;
        };
        /** @description What would be changed, and against how many days it is held. */
        WhatIfBody: {
            /**
             * Format: int32
             * @description The requests of so many days, 1 to 30.
             */
            days: number;
            /** @description Policy files. */
            policies?: components["schemas"]["DraftPolicy"][];
            /** @description Rights. */
            rights?: components["schemas"]["DraftRight"][];
            /** @description Hours. */
            schedules?: components["schemas"]["DraftSchedule"][];
        };
        /** @description How a question stands, and its answer. */
        WhatIfItem: {
            /** @description Who and where, the most frequent first. */
            changes: components["schemas"]["WhatIfLine"][];
            /**
             * Format: double
             * @description How much of it was looked at, 0 to 1.
             */
            done: number;
            /** @description The stretch. */
            from: components["schemas"]["Timestamp"];
            /** @description A bound was reached: older requests were not looked at. */
            is_cut: boolean;
            /**
             * Format: int64
             * @description How many lines are left out.
             */
            more: number;
            /**
             * Format: int64
             * @description How many would pass and do not.
             */
            newly_passes: number;
            /**
             * Format: int64
             * @description How many pass and would not.
             */
            newly_refused: number;
            /**
             * Format: int64
             * @description Requests to come in.
             */
            requests: number;
            /** @description `running`, `done`, `stopped` or `failed`. */
            state: string;
            /** @description Its end. */
            to: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description How many go as before.
             */
            unchanged: number;
            /**
             * Format: int64
             * @description Requests of whom nobody knows.
             */
            unresolved: number;
            /** @description Why it failed. */
            why?: string | null;
        };
        /** @description Somebody at a door for whom something would change. */
        WhatIfLine: {
            /** @description Where. */
            door: components["schemas"]["DoorId"];
            /** @description For the first time. */
            first: components["schemas"]["Timestamp"];
            /** @description For the last. */
            last: components["schemas"]["Timestamp"];
            /** @description Their name, where the caller has given a reason for seeing it. */
            name?: string | null;
            /** @description Whether they would pass. */
            passes: boolean;
            /** @description Who. */
            person: components["schemas"]["PersonId"];
            /**
             * Format: int64
             * @description How often they asked.
             */
            times: number;
            /** @description What the rights that run say. */
            was: components["schemas"]["DoorReason"];
            /** @description What the draft says. */
            would: components["schemas"]["DoorReason"];
        };
        /** @description Everybody against these moments. */
        WhereaboutsAnswer: {
            /** @description How many people are consistent, unknown and excluded. */
            counts: components["schemas"]["Counts"];
            /** @description How far back history was looked through. */
            from: components["schemas"]["Timestamp"];
            /** @description People beyond `inquiry_people_max`, who are counted and not listed. */
            left_out: number;
            /** @description The moments, with what their events said of them. */
            moments: components["schemas"]["MomentItem"][];
            /** @description The people: consistent first, then unknown, then excluded. */
            people: components["schemas"]["PersonAnswer"][];
            /** @description And how far on. */
            to: components["schemas"]["Timestamp"];
        };
        /** @description Who could have been at these places at these moments? */
        WhereaboutsRequest: {
            /** @description The moments; `inquiry_moments_max` at most. */
            moments: components["schemas"]["MomentAsk"][];
            /** @description Why it is asked; kept in the audit log with who asked. */
            reason: string;
        };
        /** @description Why. */
        Why: {
            /** @description Why; kept in the audit log. */
            reason: string;
        };
        /** @description A finding and why it stands. */
        WhyAnswer: {
            /** @description Its events, in order of time. */
            events: components["schemas"]["EventWhyItem"][];
            /** @description The finding. */
            finding: components["schemas"]["Finding"];
            /** @description The incidents that hold it. */
            incidents: components["schemas"]["IncidentId"][];
            /** @description Events beyond those. */
            more: number;
            /** @description Of a correlation: its window, as the rule stands today. */
            rule?: Record<string, never> | null;
            settles_at?: components["schemas"]["Timestamp"] | null;
        };
        /** @description First and last event time of the episode. */
        Window: {
            /** @description First. */
            from: components["schemas"]["Timestamp"];
            /** @description Last. */
            to: components["schemas"]["Timestamp"];
        };
        /** @description Hours of certain days, half-open. */
        WindowItem: {
            /** @description `monday` to `sunday`, `holiday-1` to `holiday-8`: on these days it begins. */
            days: string[];
            /** @description Such as `07:00`. */
            from: string;
            /** @description Such as `19:00` or `24:00`; at or before `from` it is on the next day. */
            to: string;
        };
        /**
         * @description What brought an incident back into the queue.
         * @enum {string}
         */
        WokenBy: "time" | "person" | "finding";
        ZoneId: string;
        /** @description What holds at the doors into a zone. */
        ZoneItem: {
            /** @description `off`, `soft`, `hard` or `timed`. */
            anti_passback: string;
            /**
             * Format: int64
             * @description For how long, where that is timed.
             */
            anti_passback_for_s: number;
            /** @description `refuse`, `pin_as_well`, `escort_only` or `allow_and_flag`. */
            at_expiry: string;
            /** @description `admit`, `pin` or `refuse`, where leaving is not heard. */
            blind: string;
            /** @description The way in that needs no network. */
            break_glass?: string | null;
            /** @description How guarded it is. */
            class: string;
            /** @description Those who need an escort enter it with one only. */
            escort: boolean;
            first_person?: components["schemas"]["GroupId"] | null;
            /** @description Credentials that open it whatever the rights' age. */
            glass: components["schemas"]["CredentialId"][];
            /** @description Whether it has rules of its own; else the usual ones. */
            is_stated: boolean;
            /**
             * Format: int64
             * @description How old its rights may be, in seconds.
             */
            lease_s: number;
            /** @description Display name. */
            name?: string | null;
            /**
             * Format: int32
             * @description At most so many people.
             */
            occupancy_max?: number | null;
            parent?: components["schemas"]["ZoneId"] | null;
            site?: components["schemas"]["PlaceId"] | null;
            /** @description What changes with the threat level. */
            tightening: components["schemas"]["TighteningItem"][];
            /** @description Nobody enters it alone. */
            two_person: boolean;
            /** @description Its id. */
            zone: components["schemas"]["ZoneId"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
