import CPgQuery
import ClusterModel

// Which expressions are constants whose value, as a shard key, the router can compute without evaluating SQL: literals
// and parameters, bare or cast within the key's own family of types. A cast that may change the value (numeric to
// integer rounds, varchar(3) cuts, text to char pads) disqualifies them.

extension KeySource {
    /// `node` as a constant of the key's type; nil when it is anything else.
    static func constant(_ node: NodePointer?, of type: ShardKeyType) -> KeySource? {
        guard let node else { return nil }
        switch node.pointee.node_case {
        case PG_QUERY__NODE__NODE_A_CONST: return literal(node.pointee.a_const.pointee, of: type)
        case PG_QUERY__NODE__NODE_PARAM_REF: return parameter(node.pointee.param_ref.pointee)
        case PG_QUERY__NODE__NODE_TYPE_CAST: return cast(node.pointee.type_cast.pointee, of: type)
        case PG_QUERY__NODE__NODE_A_EXPR: return negated(node.pointee.a_expr.pointee, of: type)
        default: return nil
        }
    }

    /// All elements as constants; nil when there are none, or one is not.
    static func constants(_ nodes: NodeList, of type: ShardKeyType) -> [KeySource]? {
        let constants = nodes.compactMap { constant($0, of: type) }
        return constants.isEmpty || constants.count < nodes.count ? nil : constants
    }

    /// What an array holds: `ARRAY[1, $2]`, or all of `$1`, each also cast to an array of the key's family. Nil when it
    /// is anything else.
    static func elements(of array: NodePointer, of type: ShardKeyType) -> [KeySource]? {
        switch array.pointee.node_case {
        case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
            let elements = array.pointee.a_array_expr.pointee
            return constants(NodeList(elements.n_elements, elements.elements), of: type)
        case PG_QUERY__NODE__NODE_PARAM_REF:
            return parameter(array.pointee.param_ref.pointee).map { source in
                guard case .parameter(let number) = source.expression else { return [source] }
                return [
                    KeySource(
                        expression: .elements(ofParameter: number), location: source.location, hasOuterMinus: false)
                ]
            }
        case PG_QUERY__NODE__NODE_TYPE_CAST:
            let cast = array.pointee.type_cast.pointee
            guard let argument = cast.arg, type.keepsValue(castTo: cast.type_name.pointee, dimensions: 1) else {
                return nil
            }
            return elements(of: argument, of: type)
        default: return nil
        }
    }

    private static func parameter(_ reference: PgQuery__ParamRef) -> KeySource? {
        // Number 0 is `?`, which only libpg_query's grammar knows.
        guard reference.number > 0 else { return nil }
        return KeySource(
            expression: .parameter(Int(reference.number)),
            location: Int(reference.location),
            hasOuterMinus: false
        )
    }

    private static func literal(_ constant: PgQuery__AConst, of type: ShardKeyType) -> KeySource? {
        let expression: KeyExpression
        if constant.isnull != 0 {
            expression = .null
        } else if constant.val_case == PG_QUERY__A__CONST__VAL_SVAL {
            expression = .literal(text(constant.sval.pointee.sval))
        } else if type.isNumeric, let number = integerText(constant) {
            expression = .literal(number)
        } else {
            return nil
        }
        return KeySource(expression: expression, location: Int(constant.location), hasOuterMinus: false)
    }

    /// The digits of an integer literal, with its sign; nil for decimals and other constants.
    private static func integerText(_ constant: PgQuery__AConst) -> String? {
        switch constant.val_case {
        case PG_QUERY__A__CONST__VAL_IVAL: return String(constant.ival.pointee.ival)
        case PG_QUERY__A__CONST__VAL_FVAL:
            let digits = text(constant.fval.pointee.fval)
            return digits.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) } ? digits : nil
        default: return nil
        }
    }

    private static func cast(_ cast: PgQuery__TypeCast, of type: ShardKeyType) -> KeySource? {
        guard type.keepsValue(castTo: cast.type_name.pointee) else { return nil }
        return constant(cast.arg, of: type)
    }

    /// `-5::bigint`, which is `-(5::bigint)`; the grammar folds a minus sign directly before a number itself.
    private static func negated(_ expression: PgQuery__AExpr, of type: ShardKeyType) -> KeySource? {
        guard type.isNumeric, expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP, expression.lexpr == nil,
            NodeList(expression.n_name, expression.name).names == ["-"],
            let operand = expression.rexpr, operand.pointee.node_case == PG_QUERY__NODE__NODE_TYPE_CAST,
            operand.castConstantIsNumber, let source = cast(operand.pointee.type_cast.pointee, of: type),
            case .literal(let number) = source.expression
        else { return nil }
        return KeySource(expression: .literal(negative(of: number)), location: source.location, hasOuterMinus: true)
    }

    private static func negative(of number: String) -> String {
        if number == "0" { return number }
        return number.hasPrefix("-") ? String(number.dropFirst()) : "-" + number
    }
}

extension NodePointer {
    /// Under all casts there is a number, not a string.
    fileprivate var castConstantIsNumber: Bool {
        switch pointee.node_case {
        case PG_QUERY__NODE__NODE_TYPE_CAST: return pointee.type_cast.pointee.arg?.castConstantIsNumber ?? false
        case PG_QUERY__NODE__NODE_A_CONST:
            let sort = pointee.a_const.pointee.val_case
            return sort == PG_QUERY__A__CONST__VAL_IVAL || sort == PG_QUERY__A__CONST__VAL_FVAL
        default: return false
        }
    }
}

extension ShardKeyType {
    var isNumeric: Bool { self == .integer || self == .bigint }

    /// A cast to this type keeps every value that is a valid key, or fails.
    fileprivate func keepsValue(castTo type: PgQuery__TypeName, dimensions: Int = 0) -> Bool {
        guard type.n_typmods == 0, type.n_array_bounds == dimensions, type.setof == 0, type.pct_type == 0,
            let names = NodeList(type.n_names, type.names).names, let name = names.last,
            names.count == 1 || names == ["pg_catalog", name]
        else { return false }
        return valuePreservingCasts.contains(name)
    }

    private var valuePreservingCasts: Set<String> {
        switch self {
        case .integer, .bigint: ["int2", "int4", "int8"]
        case .text, .varchar: ["text", "varchar"]
        case .uuid: ["uuid"]
        }
    }
}
