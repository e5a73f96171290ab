// One component as libical holds it. Strings and values are copied out; the pointer does not leave this target.
import CLibical

/// Owns a component of libical.
struct ParsedComponent: ~Copyable {
    let pointer: OpaquePointer

    /// Refuses text of which libical makes nothing, or complains of a property.
    init(_ text: String, kind: icalcomponent_kind, place: CalendarPlace) throws(CalendarError) {
        let parsed = icalparser_parse_string(text)
        let complaint = parsed.map { icalcomponent_isa($0) == kind ? Self.complaint(of: $0) : "" } ?? ""
        guard let parsed, complaint == nil else {
            if let parsed { icalcomponent_free(parsed) }
            throw place.error(
                .notUnderstood,
                "is not understood as iCalendar (RFC 5545), correct it: \((complaint ?? "").prefix(200))")
        }
        pointer = parsed
    }

    deinit { icalcomponent_free(pointer) }

    /// Gives up the pointer to an owner in libical.
    consuming func take() -> OpaquePointer {
        let taken = pointer
        discard self
        return taken
    }

    private static func complaint(of component: OpaquePointer) -> String? {
        if let error = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY) {
            return icalproperty_get_xlicerror(error).map { String(cString: $0) } ?? "a property is malformed"
        }
        var child = icalcomponent_get_first_component(component, ICAL_ANY_COMPONENT)
        while let present = child {
            if let complaint = complaint(of: present) { return complaint }
            child = icalcomponent_get_next_component(component, ICAL_ANY_COMPONENT)
        }
        return nil
    }

    func properties(_ kind: icalproperty_kind) -> [OpaquePointer] { Self.properties(kind, of: pointer) }

    static func properties(_ kind: icalproperty_kind, of component: OpaquePointer) -> [OpaquePointer] {
        var found: [OpaquePointer] = []
        var next = icalcomponent_get_first_property(component, kind)
        while let property = next {
            found.append(property)
            next = icalcomponent_get_next_property(component, kind)
        }
        return found
    }

    /// The sub-components, for a time zone its observances.
    var children: [OpaquePointer] {
        var found: [OpaquePointer] = []
        var next = icalcomponent_get_first_component(pointer, ICAL_ANY_COMPONENT)
        while let child = next {
            found.append(child)
            next = icalcomponent_get_next_component(pointer, ICAL_ANY_COMPONENT)
        }
        return found
    }

    func text(_ kind: icalproperty_kind) -> String? {
        guard let property = properties(kind).first, let value = icalproperty_get_value(property),
            let text = icalvalue_get_text(value)
        else { return nil }
        let trimmed = String(cString: text).trimmed
        return trimmed.isEmpty ? nil : trimmed
    }

    /// The value of an `X-` property.
    func extra(_ name: String) -> String? {
        for property in properties(ICAL_X_PROPERTY) {
            guard let given = icalproperty_get_x_name(property), String(cString: given).uppercased() == name,
                let value = icalproperty_get_x(property)
            else { continue }
            return String(cString: value).trimmed
        }
        return nil
    }
}

extension StringProtocol {
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
