// Certificates and keys from files, with errors that name the file.
import NIOSSL

enum PEMFiles {
    static func chain(_ path: String) throws(TransportSecurityError) -> [NIOSSLCertificate] {
        do {
            let found = try NIOSSLCertificate.fromPEMFile(path)
            if !found.isEmpty { return found }
        } catch {
            throw TransportSecurityError("cannot read the certificate \(path) (PEM): \(error)")
        }
        throw TransportSecurityError("\(path) holds no certificate (PEM)")
    }

    static func key(_ path: String) throws(TransportSecurityError) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(file: path, format: .pem)
        } catch {
            throw TransportSecurityError("cannot read the private key \(path) (PEM, without a passphrase): \(error)")
        }
    }

    static func context(_ configuration: TLSConfiguration, _ what: String) throws(TransportSecurityError)
        -> NIOSSLContext
    {
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TransportSecurityError("\(what) cannot be used: \(error)")
        }
    }
}
