import ChannelPrograms
import Glibc
import SMTPClient

exit(StoreDelivery.run(lmtp: SMTPClientProcess.run))
