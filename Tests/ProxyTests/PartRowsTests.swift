import NIOCore
import Testing
import WireProtocol

@testable import Proxy

@Suite struct PartRowsTests {
    private func row(_ values: [UInt8]?...) -> Frame {
        var bytes = ByteBuffer()
        BackendMessage.dataRow(values.map { $0.map { ByteBuffer(bytes: $0) } }).write(into: &bytes)
        return Frame(type: 0x44, bytes: bytes)
    }

    @Test func theRestOfEachRowIsKeptAndItsLastColumnsBecomeArrays() throws {
        var rows = PartRows(columnOIDs: [23, 25], keepsRows: true)
        #expect(rows.add(row([1, 2, 3], nil, [0, 0, 0, 7], [65])) == true)
        #expect(rows.add(row(nil, [9], nil, [66, 67])) == true)
        #expect(rows.count == 2)
        #expect(rows.row(1) == row([1, 2, 3], nil).bytes)
        #expect(rows.row(2) == row(nil, [9]).bytes)
        #expect(rows.row(0) == nil && rows.row(3) == nil && rows.row(-1) == nil)
        let arrays = rows.takeParameters().map { Array($0.readableBytesView) }
        let header: [UInt8] = [0, 0, 0, 2, 0, 0, 0, 1]
        #expect(
            arrays == [
                [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23] + header + [0, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255, 255],
                [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25] + header + [0, 0, 0, 1, 65, 0, 0, 0, 2, 66, 67],
            ])
        #expect(rows.parameterOIDs == [1007, 1009])
    }

    @Test func withoutRowsArraysHaveNoDimension() {
        var rows = PartRows(columnOIDs: [20], keepsRows: false)
        let arrays = rows.takeParameters().map { Array($0.readableBytesView) }
        #expect(arrays == [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20]])
    }

    @Test func withoutColumnsTheNumberOfRowsIsTheParameter() {
        var rows = PartRows(columnOIDs: [], keepsRows: true)
        for value in [UInt8(1), 2] { #expect(rows.add(row([value])) == true) }
        let number = rows.takeParameters().map { Array($0.readableBytesView) }
        #expect(number == [[0, 0, 0, 0, 0, 0, 0, 2]])
        #expect(rows.parameterOIDs == [20])
    }

    @Test func whatIsNoRowIsRefused() {
        var rows = PartRows(columnOIDs: [20, 20], keepsRows: true)
        #expect(rows.add(row([1])) == false)
        #expect(rows.add(Frame(type: 0x44, bytes: ByteBuffer(bytes: [0x44, 0, 0, 0, 10, 0, 3, 0, 0, 0, 9]))) == false)
        var groups = PartRows(columnOIDs: [20], keepsRows: false)
        #expect(groups.add(row([1], [2])) == false)
    }

    @Test func bytesAreCounted() {
        var rows = PartRows(columnOIDs: [25], keepsRows: true)
        #expect(rows.add(row([UInt8](repeating: 1, count: 1000), [UInt8](repeating: 2, count: 500))) == true)
        #expect(rows.bytes >= 1500)
    }
}
