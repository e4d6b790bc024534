import Launching
import SecureShell
import TuningModel

/// Makes the SSH connection that a task asks for.
struct Connecting {
  let task: HostTask
  let owner: Owner

  func connect() throws(HostFailure) -> any RemoteShell {
    let settings = try settings()
    let login = HostLogin(
      host: task.login.host, user: task.login.user, port: task.login.port, identityFile: task.login.identityFile)
    do throws(SecureShellError) {
      switch settings.client {
      case .openssh: return try OpenSSHShell(login, settings: settings)
      case .libssh2: return try LibSSH2Shell(login, settings: settings, secrets: OwnerSecrets(owner: owner))
      }
    } catch {
      throw HostFailure(error)
    }
  }

  private func settings() throws(HostFailure) -> ShellSettings {
    guard let client = ShellSettings.Client(rawValue: task.ssh.client),
      let hostKeys = ShellSettings.HostKeys(rawValue: task.ssh.hostKeys)
    else {
      throw HostFailure(
        HostFailure.internal,
        "\(task.name): there is no ssh_client \(task.ssh.client), or no way \(task.ssh.hostKeys) "
          + "with host keys", isRetryable: false)
    }
    return ShellSettings(
      client: client, hostKeys: hostKeys, ownKnownHosts: task.ssh.ownKnownHosts,
      configurationFile: task.ssh.configurationFile, stepLimit: task.ssh.stepLimit)
  }
}
