import ClusterModel

/// A metric that may lead the load.
package struct MetricSettings: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        case prometheus(PrometheusSettings)
        /// A file of `timestamp,value` or `timestamp,metric,value`.
        case csv(path: String)
    }

    package var name: String
    package var source: Source
    /// The segments whose load it may lead; nil means all.
    package var segments: [SegmentID]?

    package init(name: String, source: Source, segments: [SegmentID]? = nil) {
        self.name = name
        self.source = source
        self.segments = segments
    }
}

/// Where a Prometheus server is, what it is asked, and as whom.
package struct PrometheusSettings: Hashable, Sendable {
    package enum Credential: Hashable, Sendable {
        case basic(user: String, password: String)
        case bearer(token: String)
    }

    package var url: String
    /// PromQL that gives one series.
    package var query: String
    package var credential: Credential?

    package init(url: String, query: String, credential: Credential? = nil) {
        self.url = url
        self.query = query
        self.credential = credential
    }
}
